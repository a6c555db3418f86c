"""The metrics of one API process: its counters, and the state of the ledger at scrape time."""

from __future__ import annotations

import functools
import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from contract.errors import StorageUnavailable
from contract.models.declaration import DEFAULT_MODEL
from contract.names.queues import Lane
from storage.fleet.workers import WorkerInfo, WorkerRegistry
from storage.jobs.store import Backlog, JobStore
from storage.runs.store import RunStore

log = logging.getLogger(__name__)

MOST_MODELS = 50  # that have gauges of their own: labels must not grow without end
_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)


class Measures:
    """The metrics of one API process, in a registry of their own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "depthq_http_requests_total", "Answered requests", ["method", "route", "code"],
            registry=self.registry,
        )  # fmt: skip
        self.latency = Histogram(
            "depthq_http_request_seconds", "From the first line of code to the answer's first byte",
            ["method", "route"], buckets=_BUCKETS, registry=self.registry,
        )  # fmt: skip
        self.accepted = Counter(
            "depthq_jobs_accepted_total", "Jobs answered with 202", registry=self.registry
        )
        self.refused = Counter(
            "depthq_jobs_refused_total", "Submissions refused", ["code"], registry=self.registry
        )
        self.waiting = Gauge(
            "depthq_waiting_requests", "Long polls and streams in a slot", registry=self.registry
        )
        self.uploading = Gauge(
            "depthq_uploads_under_way_bytes", "Unfinished uploads in the front",
            registry=self.registry,
        )  # fmt: skip
        self.upload_bytes = Counter(
            "depthq_upload_bytes_total", "Bytes of accepted images", registry=self.registry
        )
        # looking up a labelled metric costs more than counting with it
        self._requests = functools.cache(self.requests.labels)
        self._latency = functools.cache(self.latency.labels)

    def answered(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count one answered request."""
        self._requests(method, route, status).inc()
        self._latency(method, route).observe(seconds)


class LedgerCollector(Collector):
    """Reads backlog and workers at each scrape; yields nothing while Redis is unavailable."""

    def __init__(self, jobs: JobStore, workers: WorkerRegistry, datasets: RunStore) -> None:
        self._jobs, self._workers, self._datasets = jobs, workers, datasets

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Yield the gauges."""
        try:
            yield from self._gauges()
        except StorageUnavailable as exc:
            log.warning("no ledger metrics: %s", exc, extra={"action": "metrics_incomplete"})

    def _gauges(self) -> list[GaugeMetricFamily]:
        workers, left = self._workers.live(), self._datasets.items_left()
        loads = [
            Load.of(lane, model, self._jobs.backlog(lane, model), workers, left)
            for lane in Lane
            for model in sorted({*self._jobs.models(), *left})[:MOST_MODELS]
        ]
        return [*_by_lane(loads, workers), *_by_model(loads), _items(sum(left.values()))]


@dataclass(frozen=True)
class Load:
    """What is waiting for one model in one lane, and who works on it."""

    lane: Lane
    model: str
    backlog: Backlog
    workers: int
    seconds_per_worker: float

    @classmethod
    def of(
        cls,
        lane: Lane,
        model: str,
        backlog: Backlog,
        workers: Sequence[WorkerInfo],
        left: Mapping[str, int],
    ) -> Load:
        """Return the load; `left` are items of datasets by model."""
        speeds = [
            speed for w in workers if w.lane == lane and (speed := w.speed(model)) is not None
        ]
        waiting = backlog.queued + (left.get(model, 0) if lane is Lane.BULK else 0)
        # No worker has a measured rate: assume one image per second, so that the ETA is not zero.
        return cls(lane, model, backlog, len(speeds), waiting / (sum(speeds) or 1.0))


def _by_lane(loads: Sequence[Load], workers: Sequence[WorkerInfo]) -> list[GaugeMetricFamily]:
    """Return the gauges of all models together; seconds per worker are the default model's."""
    states = GaugeMetricFamily("depthq_jobs", "Jobs by state", labels=["lane", "state"])
    oldest = GaugeMetricFamily(
        "depthq_oldest_job_age_seconds", "Age of the oldest queued job", labels=["lane"]
    )
    live = GaugeMetricFamily("depthq_live_workers", "Workers that report", labels=["lane"])
    per_worker = GaugeMetricFamily(
        "depthq_backlog_seconds_per_worker", "Seconds the live workers need for what is queued",
        labels=["lane"],
    )  # fmt: skip
    for lane in Lane:
        of_lane = [load for load in loads if load.lane is lane]
        states.add_metric([lane, "queued"], sum(load.backlog.queued for load in of_lane))
        states.add_metric([lane, "running"], sum(load.backlog.running for load in of_lane))
        oldest.add_metric([lane], max(load.backlog.oldest_age_s for load in of_lane))
        live.add_metric([lane], sum(worker.lane == lane for worker in workers))
        default = next(load for load in of_lane if load.model == DEFAULT_MODEL)
        per_worker.add_metric([lane], default.seconds_per_worker)
    return [states, oldest, live, per_worker]


def _by_model(loads: Sequence[Load]) -> list[GaugeMetricFamily]:
    labels = ["lane", "model"]
    queued = GaugeMetricFamily("depthq_model_jobs_queued", "Jobs that wait", labels=labels)
    live = GaugeMetricFamily("depthq_model_live_workers", "Workers that hold it", labels=labels)
    per_worker = GaugeMetricFamily(
        "depthq_model_backlog_seconds_per_worker", "Seconds the live workers need for what waits",
        labels=labels,
    )  # fmt: skip
    for load in loads:
        queued.add_metric([load.lane, load.model], load.backlog.queued)
        live.add_metric([load.lane, load.model], load.workers)
        per_worker.add_metric([load.lane, load.model], load.seconds_per_worker)
    return [queued, live, per_worker]


def _items(left: int) -> GaugeMetricFamily:
    items = GaugeMetricFamily(
        "depthq_dataset_items_left", "Items of datasets, planned so far, that have not ended"
    )
    items.add_metric([], left)
    return items
