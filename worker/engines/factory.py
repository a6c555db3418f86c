"""Opens the engine that the settings name; imports no runtime but the chosen one's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from contract.settings import Settings
from worker.engines.protocol import Engine
from worker.machine import cores_given
from worker.weights.resolve import Artefact, resolve


def open_engine(settings: Settings, streams: int = 1) -> Engine:
    """Return the engine of `settings`, not yet loaded; WeightsError if its weights are missing.

    `streams` batches are computed side by side by engines that can (its `streams` tells), of at
    most `settings.max_batch` images together.
    """
    return build_engine(settings, resolve(settings), streams)


def build_engine(settings: Settings, artefact: Artefact, streams: int = 1) -> Engine:
    """Return the engine of `settings` for `artefact`, not yet loaded."""
    make = _ENGINES[settings.engine]()
    return make(
        artefact,
        precision=settings.precision,
        threads=settings.infer_threads or cores_given(),
        max_batch=settings.max_batch,
        streams=streams,
    )


class _Maker(Protocol):
    def __call__(
        self, artefact: Artefact, *, precision: str, threads: int, max_batch: int, streams: int
    ) -> Engine: ...


def _openvino() -> _Maker:
    from worker.engines.openvino_engine import OpenVinoEngine

    return OpenVinoEngine


def _onnxruntime() -> _Maker:
    from worker.engines.onnxruntime_engine import OnnxRuntimeEngine

    return OnnxRuntimeEngine


def _torch() -> _Maker:
    from worker.engines.torch_engine import TorchEngine

    return TorchEngine


def _simulated() -> _Maker:
    from worker.engines.simulated import SimulatedEngine

    return SimulatedEngine


_ENGINES: dict[str, Callable[[], _Maker]] = {
    "openvino": _openvino,
    "onnxruntime": _onnxruntime,
    "torch": _torch,
    "simulated": _simulated,
}
