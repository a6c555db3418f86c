"""DPT-Hybrid's normalised convolutions become plain ones without changing a number."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING

import numpy as np
import pytest

if TYPE_CHECKING:  # torch: seconds in each test process that collects this, of which one needs it
    from torch import nn


@pytest.fixture(scope="module")
def original() -> nn.Module:
    """Return each kind of layer that the ResNet has: kernels of 7, 3 and 1, with strides."""
    import torch
    from timm.layers import StdConv2dSame
    from timm.layers.pool2d_same import MaxPool2dSame
    from torch import nn

    torch.manual_seed(0)
    return nn.Sequential(
        StdConv2dSame(3, 8, 7, stride=2, padding="same"),
        nn.ReLU(),
        MaxPool2dSame(3, 2, padding="same"),
        nn.Sequential(StdConv2dSame(8, 16, 3, stride=2, padding="same", bias=True), nn.ReLU()),
        StdConv2dSame(16, 24, 1, stride=2, padding="same"),
        StdConv2dSame(24, 8, 3, padding="same"),
    ).requires_grad_(False)


@pytest.fixture(scope="module")
def plain(original: nn.Module) -> nn.Module:
    from worker.models.dpt_hybrid_384.plain import make_plain

    network = copy.deepcopy(original)
    make_plain(network)
    return network


@pytest.mark.parametrize("size", [(1, 32, 32), (2, 96, 160), (1, 32, 384)])
def test_plain_layers_give_the_same_numbers(
    original: nn.Module, plain: nn.Module, size: tuple[int, int, int]
) -> None:
    import torch

    batch, height, width = size
    image = torch.randn(batch, 3, height, width)
    np.testing.assert_array_equal(plain(image).numpy(), original(image).numpy())


def test_nothing_is_normalised_or_padded_by_computed_sizes_any_more(plain: nn.Module) -> None:
    from timm.layers import StdConv2dSame
    from timm.layers.pool2d_same import MaxPool2dSame
    from torch import nn

    assert not [m for m in plain.modules() if isinstance(m, StdConv2dSame | MaxPool2dSame)]
    assert {type(m) for m in plain.modules() if isinstance(m, nn.Conv2d)} == {nn.Conv2d}
