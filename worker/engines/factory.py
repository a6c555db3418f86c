"""Opens the engine that the settings name; imports no runtime but the chosen one's."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Protocol

from contract.settings import Settings
from worker.engines.protocol import Engine
from worker.machine import cores_given
from worker.weights.resolve import Artefact, resolve


def open_engine(settings: Settings, streams: int = 1) -> Engine:
    """Return the engine of the first of `settings.models`, not yet loaded.

    Raises WeightsError if its weights are missing. `streams`: see build_engine.
    """
    return build_engine(settings, resolve(settings, settings.models[0]), streams=streams)


def build_engine(
    settings: Settings,
    artefact: Artefact,
    *,
    streams: int = 1,
    threads: int | None = None,
    max_batch: int | None = None,
) -> Engine:
    """Return the engine of `settings` for `artefact`, not yet loaded.

    `streams` batches are computed side by side by engines that can (its `streams` tells), of at
    most `max_batch` images together, by `threads` threads in all.
    """
    make = _ENGINES[settings.engine](settings)
    return make(
        artefact,
        precision=settings.precision,
        threads=threads or settings.infer_threads or cores_given(),
        max_batch=max_batch or settings.max_batch,
        streams=streams,
    )


class _Maker(Protocol):
    def __call__(
        self, artefact: Artefact, *, precision: str, threads: int, max_batch: int, streams: int
    ) -> Engine: ...


def _openvino(settings: Settings) -> _Maker:
    from worker.engines.openvino_engine import OpenVinoEngine

    return partial(OpenVinoEngine, kept=settings.cache_dir / "weights" / "optimised")


def _onnxruntime(_settings: Settings) -> _Maker:
    from worker.engines.onnxruntime_engine import OnnxRuntimeEngine

    return OnnxRuntimeEngine


def _torch(_settings: Settings) -> _Maker:
    from worker.engines.torch_engine import TorchEngine

    return TorchEngine


def _simulated(_settings: Settings) -> _Maker:
    from worker.engines.simulated import SimulatedEngine

    return SimulatedEngine


_ENGINES: dict[str, Callable[[Settings], _Maker]] = {
    "openvino": _openvino,
    "onnxruntime": _onnxruntime,
    "torch": _torch,
    "simulated": _simulated,
}
