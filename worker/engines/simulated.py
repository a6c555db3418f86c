"""A simulated engine that costs time but no CPU, to measure the rest of the service."""

from __future__ import annotations

import time
from collections.abc import Iterable

import numpy as np

from contract.models.midas_small import MODEL
from worker.engines.protocol import Depths, EngineInfo, Images, check_batch
from worker.weights.resolve import Artefact

# About the real engine's time on two cores: per batch, and per image.
BATCH_S = 0.004
IMAGE_S = 0.009


class SimulatedEngine:
    """Sleeps `batch_s` + n * `image_s` and returns a depth that follows from the input alone."""

    streams = 1

    def __init__(
        self,
        artefact: Artefact | None = None,
        *,
        precision: str = "auto",  # noqa: ARG002 - same call as for the real ones
        threads: int = 1,
        max_batch: int = 8,
        streams: int = 1,  # noqa: ARG002 - this engine has one
        batch_s: float = BATCH_S,
        image_s: float = IMAGE_S,
    ) -> None:
        self.max_batch = max_batch
        self._spec = artefact.spec if artefact else MODEL
        self._threads = threads
        self._batch_s = batch_s
        # another model takes what its declaration expects
        self._image_s = image_s if self._spec == MODEL else self._spec.cost.image_s

    def load(self) -> None:
        """Nothing to read."""

    def warm_up(self, shapes: Iterable[tuple[int, int]]) -> None:
        """Nothing to warm."""

    def infer(self, batch: Images) -> Depths:
        """See Engine: the image's mean over colours, plus a slope that makes the bottom nearer."""
        check_batch(batch, self.max_batch, self._spec.input.multiple_px)
        time.sleep(self._batch_s + self._image_s * len(batch))
        slope = np.linspace(0, 10, batch.shape[2], dtype=np.float32)[None, :, None]
        depth: Depths = np.maximum(10 + batch.mean(axis=1) + slope, 0, dtype=np.float32)
        return depth

    def describe(self) -> EngineInfo:
        """See Engine. No weights were used, and the result says so."""
        return EngineInfo("simulated", "fp32", self._threads, "none", self._spec.name)
