"""Fills a network with a checkpoint's tensors, key for key."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import torch
from numpy.typing import NDArray
from torch import nn

N = TypeVar("N", bound=nn.Module)


def load(
    make: Callable[[], N], tensors: Mapping[str, NDArray[Any]], *, keeps_tables: bool = False
) -> N:
    """Return the network of `make` with `tensors` (name → array), ready to infer.

    Names and shapes are strict: anything missing, strange or of a wrong shape is a RuntimeError of
    torch's. The arrays are used in place where they can be. `keeps_tables`: `make` computes tables
    that are in no checkpoint; otherwise it only declares shapes, which takes no memory and no time.
    """
    with torch.device("cpu" if keeps_tables else "meta"):
        network = make()
    network.load_state_dict({n: _tensor(array) for n, array in tensors.items()}, assign=True)
    return network.requires_grad_(False).eval()


def _tensor(array: NDArray[Any]) -> torch.Tensor:
    return torch.from_numpy(array if array.flags.writeable else array.copy())
