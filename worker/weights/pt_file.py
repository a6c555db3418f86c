"""Reads a `.pt` state dict without torch, and without running anything that is in it.

The form (torch ≥ 1.6): a zip with one pickle, `*/data.pkl`, and the raw bytes of each storage,
`*/data/<key>`. The pickle may name a handful of things; every other name is refused.
"""

from __future__ import annotations

import pickle
import zipfile
from collections import OrderedDict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from worker.weights.errors import WeightsError

_STORAGES = {
    "FloatStorage": np.float32,
    "DoubleStorage": np.float64,
    "HalfStorage": np.float16,
    "LongStorage": np.int64,
}


def read_pt(path: Path) -> dict[str, NDArray[Any]]:
    """Return name → array of the state dict at `path`; WeightsError if it is something else."""
    if not zipfile.is_zipfile(path):
        return _read_legacy(path)
    with zipfile.ZipFile(path) as archive:
        pickles = [name for name in archive.namelist() if name.endswith("/data.pkl")]
        if len(pickles) != 1:
            raise WeightsError(f"{path.name}: not a file that torch.save made")
        with archive.open(pickles[0]) as file:
            root = pickles[0].removesuffix("data.pkl")
            state = _StateDictUnpickler(file, archive, root).load()
    if isinstance(state, dict) and isinstance(state.get("model"), dict):
        state = state["model"]  # saved while training, the optimizer's state beside it
    if not isinstance(state, dict) or not all(isinstance(v, np.ndarray) for v in state.values()):
        raise WeightsError(f"{path.name}: holds something else than a state dict of tensors")
    return dict(state)


class _StateDictUnpickler(pickle.Unpickler):
    """Constructs arrays and ordered dicts, nothing else."""

    def __init__(self, file: Any, archive: zipfile.ZipFile, root: str) -> None:
        super().__init__(file)
        self._archive = archive
        self._root = root

    def find_class(self, module: str, name: str) -> Any:
        """Return one of the few allowed classes."""
        if module == "torch" and name in _STORAGES:
            return _STORAGES[name]
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return _rebuild
        if (module, name) == ("collections", "OrderedDict"):
            return OrderedDict
        raise pickle.UnpicklingError(f"it names {module}.{name}, which no state dict needs")

    def persistent_load(self, pid: Any) -> NDArray[Any]:
        """Return the storage that `pid` = ("storage", type, key, place, count) stands for."""
        _, dtype, key, _, _ = pid
        return np.frombuffer(self._archive.read(f"{self._root}data/{key}"), dtype)


def _rebuild(
    storage: NDArray[Any], offset: int, size: tuple[int, ...], stride: tuple[int, ...], *_rest: Any
) -> NDArray[Any]:
    """Return the tensor that lies in `storage`; strides that would leave it are refused."""
    last = offset + sum((n - 1) * step for n, step in zip(size, stride, strict=True))
    if offset < 0 or min((0, *stride)) < 0 or (0 not in size and last >= len(storage)):
        raise pickle.UnpicklingError("a tensor reaches outside its storage")
    steps = tuple(step * storage.itemsize for step in stride)
    view = np.lib.stride_tricks.as_strided(storage[offset:], size, steps, writeable=False)
    return np.ascontiguousarray(view).reshape(size)


def _read_legacy(path: Path) -> dict[str, NDArray[Any]]:
    """Return the state dict of a file in the form before torch 1.6, which torch alone can read."""
    try:
        import torch
    except ImportError as exc:
        raise WeightsError(
            f"{path.name}: this old form of .pt needs torch, once: pip install 'depthq[torch]'"
        ) from exc
    # weights_only: a pickle may run code; this loader refuses all but tensors.
    state = torch.load(path, map_location="cpu", weights_only=True)
    return {name: tensor.numpy() for name, tensor in state.items()}
