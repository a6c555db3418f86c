"""Metrics of the whole service, read at scrape time: its workers, Redis and the disk."""

from __future__ import annotations

import logging
from collections.abc import Iterator

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from contract.errors import StorageUnavailable
from storage.fleet.workers import WorkerInfo, WorkerRegistry
from storage.jobs.store import JobStore
from storage.objects.disk import DiskSpace

log = logging.getLogger(__name__)


class FleetCollector(Collector):
    """Reads what workers announce, and how full the stores are; omits what cannot be read."""

    def __init__(self, jobs: JobStore, workers: WorkerRegistry, disk: DiskSpace | None) -> None:
        """`disk`: that of the objects, None where they are in an S3 server."""
        self._jobs, self._workers, self._disk = jobs, workers, disk

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Yield the gauges."""
        try:
            live, memory = self._workers.live(), self._jobs.memory_bytes()
        except StorageUnavailable as exc:
            log.warning("no fleet metrics: %s", exc, extra={"action": "metrics_incomplete"})
        else:
            yield from _of_workers(live)
            yield _full("depthq_redis_memory_bytes", "Memory of Redis", memory)
        if self._disk is not None:
            try:
                full = self._disk.used_bytes(), self._disk.size_bytes()
            except OSError as exc:
                log.warning("no disk metrics: %s", exc, extra={"action": "metrics_incomplete"})
            else:
                yield _full("depthq_disk_bytes", "Disk of the objects", full)


def _full(name: str, about: str, used_and_limit: tuple[int, int]) -> GaugeMetricFamily:
    gauge = GaugeMetricFamily(name, f"{about}: in use, and at most (0: no limit)", labels=["of"])
    for label, value in zip(("used", "limit"), used_and_limit, strict=True):
        gauge.add_metric([label], value)
    return gauge


def _of_workers(live: list[WorkerInfo]) -> Iterator[GaugeMetricFamily]:
    models = GaugeMetricFamily(
        "depthq_fleet_images_per_second", "Measured speed of a worker with a model",
        labels=["worker", "lane", "model", "engine", "state"],
    )  # fmt: skip
    busy = GaugeMetricFamily("depthq_fleet_busy", "Images in work", labels=["worker"])
    images = GaugeMetricFamily(
        "depthq_fleet_images", "Images through the network since the start", labels=["worker"]
    )
    batches = GaugeMetricFamily(
        "depthq_fleet_batches", "Inferences since the start", labels=["worker"]
    )
    failures = GaugeMetricFamily(
        "depthq_fleet_failures", "Failed jobs and items since the start", labels=["worker", "code"]
    )
    for worker in live:
        for held in worker.held():
            about = [worker.name, worker.lane, held.name, held.engine, _state(worker)]
            models.add_metric(about, held.images_per_s)
        busy.add_metric([worker.name], worker.busy)
        images.add_metric([worker.name], worker.tally.images)
        batches.add_metric([worker.name], worker.tally.batches)
        for code, count in worker.tally.failures.items():
            failures.add_metric([worker.name, code], count)
    yield from (models, busy, images, batches, failures)


def _state(worker: WorkerInfo) -> str:
    if worker.draining:
        return "draining"
    return "ready" if worker.ready else "starting"
