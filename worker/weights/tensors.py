"""Reads a checkpoint's tensors from any of its forms and checks them against the network's list.

Forms: the published `.pt`, `.safetensors`, and our own `.onnx` (initializers carry the names).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from worker.models.midas_small.plan import is_counter, is_unused, tensor_shapes
from worker.weights.errors import WeightsError
from worker.weights.pt_file import read_pt

Tensors = dict[str, NDArray[Any]]


def read_tensors(path: Path) -> Tensors:
    """Return name → array of the checkpoint at `path`; WeightsError if not MiDaS_small's."""
    tensors = read_file(path)
    check(tensors, path.name)
    return tensors


def read_file(path: Path) -> Tensors:
    """Return name → array of the checkpoint at `path`, whichever network's; WeightsError if it is
    none.
    """
    reader = READERS.get(path.suffix.lower())
    if reader is None:
        known = ", ".join(READERS)
        raise WeightsError(f"{path.name}: weights come as {known}, not as {path.suffix or 'this'}")
    if not path.is_file():
        raise WeightsError(f"{path}: there is no such file of weights")
    try:
        return reader(path)
    except WeightsError:
        raise
    except Exception as exc:  # the readers' own errors share no base class
        raise WeightsError(f"{path.name}: cannot be read as weights ({exc})") from exc


def check(tensors: Mapping[str, NDArray[Any]], source: str) -> None:
    """Raise WeightsError unless `tensors` have exactly the network's names and shapes.

    Only what inference never reads may be missing: training counters and the idle residual unit.
    """
    shapes = tensor_shapes()
    needed = {name for name in shapes if not (is_counter(name) or is_unused(name))}
    problems = [f"{name} is missing" for name in sorted(needed - tensors.keys())]
    problems += [f"{name} does not belong" for name in sorted(tensors.keys() - shapes.keys())]
    problems += [
        f"{name} has shape {tensors[name].shape}, not {shape}"
        for name, shape in shapes.items()
        if name in tensors and tensors[name].shape != shape
    ]
    if problems:
        raise WeightsError(
            f"{source}: not the weights of MiDaS_small: {problems[0]} ({len(problems)} faults)"
        )


def _read_safetensors(path: Path) -> Tensors:
    from safetensors.numpy import load_file  # only conversion needs it

    return dict(load_file(path))


def _read_onnx(path: Path) -> Tensors:
    import onnx  # only conversion and the torch engine need it
    from onnx import numpy_helper

    graph = onnx.load(path).graph
    shapes = tensor_shapes()  # the graph's own constants (scales, bounds) are no weights
    arrays = ((i.name, numpy_helper.to_array(i)) for i in graph.initializer if i.name in shapes)
    return {name: array.astype(np.float32) for name, array in arrays}


READERS: dict[str, Callable[[Path], Tensors]] = {
    ".pt": read_pt,
    ".pth": read_pt,
    ".safetensors": _read_safetensors,
    ".onnx": _read_onnx,
}
