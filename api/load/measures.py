"""What `/metrics` tells: counters of this process, and the state of the ledger at scrape time."""

from __future__ import annotations

import functools
import logging
from collections.abc import Iterator

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from contract.errors import StorageUnavailable
from contract.names.queues import Lane
from storage.datasets.store import DatasetStore
from storage.fleet.workers import WorkerRegistry
from storage.jobs.store import JobStore

log = logging.getLogger(__name__)

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

    def __init__(self, jobs: JobStore, workers: WorkerRegistry, datasets: DatasetStore) -> None:
        self._jobs, self._workers, self._datasets = jobs, workers, datasets

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Yield the gauges."""
        states = GaugeMetricFamily("depthq_jobs", "Jobs by state", labels=["lane", "state"])
        oldest = GaugeMetricFamily(
            "depthq_oldest_job_age_seconds", "Age of the oldest queued job", labels=["lane"]
        )
        live = GaugeMetricFamily("depthq_live_workers", "Workers that report", labels=["lane"])
        per_worker = GaugeMetricFamily(
            "depthq_backlog_seconds_per_worker", "Seconds the live workers need for what is queued",
            labels=["lane"],
        )  # fmt: skip
        items = GaugeMetricFamily(
            "depthq_dataset_items_left", "Items of datasets, planned so far, that have not ended"
        )
        try:
            workers = self._workers.live()
            left = self._datasets.items_left()
            items.add_metric([], left)
            for lane in Lane:
                backlog = self._jobs.backlog(lane)
                serving = [w for w in workers if w.lane == lane]
                speed = sum(w.images_per_s for w in serving)
                states.add_metric([lane, "queued"], backlog.queued)
                states.add_metric([lane, "running"], backlog.running)
                oldest.add_metric([lane], backlog.oldest_age_s or 0.0)
                live.add_metric([lane], len(serving))
                # No worker has a measured rate: assume one image per second, so that the ETA is not
                # zero.
                waiting = backlog.queued + (left if lane is Lane.BULK else 0)
                per_worker.add_metric([lane], waiting / (speed or 1.0))
        except StorageUnavailable as exc:
            log.warning("no ledger metrics: %s", exc, extra={"action": "metrics_incomplete"})
            return
        yield from (states, oldest, live, per_worker, items)
