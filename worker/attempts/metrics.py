"""Prometheus metrics of a worker and the clock that times one job's stages."""

from __future__ import annotations

import functools
import time
from collections.abc import Iterator
from contextlib import contextmanager

from prometheus_client import Counter, Histogram
from prometheus_client.registry import Collector
from prometheus_client.samples import Sample

from contract.errors import ERROR_CODES
from contract.jobs import Timings
from contract.labels import among
from storage.fleet.workers import Tally

_MS_BUCKETS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000)

STAGE_MS = Histogram(
    "depthq_stage_milliseconds", "Time of one stage of one image", ["stage"], buckets=_MS_BUCKETS
)
BATCH_SIZE = Histogram(
    "depthq_batch_size", "Images per inference", buckets=(1, 2, 3, 4, 6, 8, 12, 16, 32, 64)
)
BATCH_MS = Histogram("depthq_batch_milliseconds", "Time of one inference", buckets=_MS_BUCKETS)
OUTCOMES = Counter("depthq_outcomes", "Jobs and items ended by this worker", ["state", "code"])
RESULT_CACHE = Counter("depthq_result_cache", "Jobs looked up in the result cache", ["outcome"])


@functools.cache  # looking up a labelled metric costs more than observing it
def _stage_ms(name: str) -> Histogram:
    return STAGE_MS.labels(stage=name)


def observe_batch(size: int, seconds: float) -> None:
    """Count one inference of `size` images."""
    BATCH_SIZE.observe(size)
    BATCH_MS.observe(seconds * 1e3)


def count_outcome(state: str, code: str = "") -> None:
    """Count one job or item that ended; `code` is empty for a success."""
    OUTCOMES.labels(state=state, code=among(code, ("", *ERROR_CODES))).inc()


def tally() -> Tally:
    """Return what this process has counted so far."""
    sums = {sample.name: sample.value for sample in _samples(BATCH_SIZE)}
    failures = {
        sample.labels["code"]: int(sample.value)
        for sample in _samples(OUTCOMES)
        if sample.name.endswith("_total") and sample.labels["code"]
    }
    return Tally(
        images=int(sums["depthq_batch_size_sum"]),
        batches=int(sums["depthq_batch_size_count"]),
        failures=failures,
    )


def _samples(metric: Collector) -> Iterator[Sample]:
    return (sample for family in metric.collect() for sample in family.samples)


class StageClock:
    """Collects the milliseconds of one image's stages and observes each as a metric."""

    def __init__(self) -> None:
        self._ms: dict[str, float] = {}
        self._batch_size = 0

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Time the block as stage `name`."""
        started = time.monotonic()
        try:
            yield
        finally:
            self.add(name, (time.monotonic() - started) * 1e3)

    def add(self, name: str, milliseconds: float) -> None:
        """Add a time that was measured elsewhere."""
        self._ms[name] = self._ms.get(name, 0.0) + milliseconds
        _stage_ms(name).observe(milliseconds)

    def batched(self, size: int) -> None:
        """Record the size of the image's batch."""
        self._batch_size = size

    def timings(self) -> Timings:
        """Return what was measured so far; prepare counts as part of decode in documents."""
        ms = {name: round(value, 3) for name, value in self._ms.items()}
        return Timings(
            queued_ms=ms.get("queued", 0.0),
            fetch_ms=ms.get("fetch", 0.0),
            decode_ms=round(ms.get("decode", 0.0) + ms.get("prepare", 0.0), 3),
            wait_ms=ms.get("wait", 0.0),
            infer_ms=ms.get("infer", 0.0),
            render_ms=ms.get("render", 0.0),
            store_ms=ms.get("store", 0.0),
            batch_size=self._batch_size,
        )
