"""The life of one worker process: start, run, drain, stop."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from contract.errors import StorageUnavailable
from contract.names.queues import Lane, queues_of
from contract.settings import Settings
from storage.broker.inbox import Inbox
from worker.attempts.watchdog import Watchdog
from worker.compute.computer import Computer
from worker.imaging.decoder import Decoder
from worker.immediate.slots import Slots
from worker.jobs.pipeline import Pipeline
from worker.process.announce import describe
from worker.process.app import CeleryApp
from worker.process.background import Background, surroundings
from worker.process.models import LoadingModels
from worker.process.parts import build_parts, build_pipeline, build_slots
from worker.process.runs import RunCoordinator, RunWorker
from worker.process.takers import Takers

log = logging.getLogger(__name__)


class WorkerService:
    """One lane's worker: `start()`, hand `run_job` to Celery, `drain()`, `stop()`."""

    def __init__(
        self,
        settings: Settings,
        lane: Lane,
        loading: LoadingModels | None = None,
        decoder: Decoder | None = None,
    ) -> None:
        self._started_at = time.monotonic()
        self._ready = self._draining = self._taking = False
        self._taken = self._steps = 0  # messages ever received; steps of datasets in progress
        self._counting = threading.Lock()
        self._parts = build_parts(settings, lane, loading, decoder)
        self._coordinator = RunCoordinator(surroundings(self._parts))
        self._background = Background(
            self._parts, self._coordinator, self._announce, self._watchdog()
        )
        self._pipeline: Pipeline | None = None
        self._takers: Takers | None = None
        self._runs: RunWorker | None = None
        self._slots: Slots | None = None

    @property
    def celery(self) -> CeleryApp:
        """The Celery application to register the tasks on."""
        return self._parts.celery

    @property
    def models(self) -> tuple[str, ...]:
        """The names of the models that this worker holds."""
        return tuple(self._parts.models)

    def start(self) -> None:
        """Await the models and a decoding child, start the threads, announce.

        What makes it faster, but not able to do more, comes after: it would delay the first job.
        """
        parts = self._parts
        parts.decoder.start(1)  # if it was not
        with ThreadPoolExecutor(1, thread_name_prefix="store") as beside:
            # creates the bucket if wanted; its answer takes as long as warming up one shape
            store = beside.submit(parts.patience, parts.objects.check)
            parts.loading.wait()
        store.result()
        parts.decoder.wait_until_ready()  # without decoders the worker cannot do anything
        parts.throttle.start()
        for model in parts.models.values():
            model.start()
        computer = Computer(parts.decoder, parts.models)
        self._pipeline = build_pipeline(parts, computer)
        if parts.lane is Lane.BULK:
            self._runs = RunWorker(self._coordinator, computer)
        else:
            self._takers = self._open_takers(self._pipeline)
            self._slots = build_slots(parts, computer, self._turn)
        self._ready = True
        self._announce()
        self._background.start()
        self._say_ready()
        parts.decoder.start()
        parts.loading.widen()

    def _open_takers(self, pipeline: Pipeline) -> Takers:
        parts = self._parts
        by_celery = self.queues_of_celery()
        queues = [queue for queue in self.queues() if queue not in by_celery]
        return Takers(Inbox(parts.redis, queues), pipeline, parts.settings.concurrency, self._turn)

    def _say_ready(self) -> None:
        for info in self._parts.about_models().values():
            log.info(
                "ready in %.1f s: %s by %s %s, %s threads, weights %s",
                time.monotonic() - self._started_at,
                info.model,
                info.engine,
                info.precision,
                info.threads,
                info.weights_id,
                extra={"action": "start", "lane": self._parts.lane.value},
            )

    def run_job(self, job_id: str) -> None:
        """Run one job to its end; called from Celery's task threads."""
        assert self._pipeline is not None, "start() comes first"  # noqa: S101
        with self._turn():
            self._pipeline.run(job_id)

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """Count one picture as taken and in progress."""
        with self._counting:
            self._taken += 1
        with self._parts.throttle.turn(), self._parts.throughput.working():
            yield

    def take(self) -> None:
        """Take what this lane takes itself, until `drain()`. Later calls do nothing."""
        if self._taking:
            return
        self._taking = True
        if self._takers is not None:
            self._takers.start()
        if self._slots is not None:
            self._slots.start()

    def run_tasks(self) -> dict[str, Callable[[str], None]]:
        """Return the steps of runs by their task names; none outside of the bulk lane."""
        if self._runs is None:
            return {}
        return {name: self._counted(step) for name, step in self._runs.tasks().items()}

    def queues(self) -> tuple[str, ...]:
        """Return the queues to be emptied: the lane's, of the kinds that can be run here."""
        kinds = self._runs.kinds if self._runs is not None else ()
        return queues_of(self._parts.lane, self.models, kinds)

    def queues_of_celery(self) -> tuple[str, ...]:
        """Return which of the queues Celery consumes: in the interactive lane only those of models
        of which a process takes few jobs at once; groups of the others are taken.
        """
        if self._parts.lane is Lane.BULK:
            return self.queues()
        models = self._parts.models.items()
        slow = [name for name, model in models if model.pace.slots is not None]
        return queues_of(self._parts.lane, slow, ())

    def _counted(self, step: Callable[[str], None]) -> Callable[[str], None]:
        def run(message_id: str) -> None:
            with self._counting:
                self._taken += 1
                self._steps += 1
            try:
                step(message_id)
            finally:
                with self._counting:
                    self._steps -= 1

        return run

    def ready(self) -> bool:
        """Tell whether this worker takes jobs."""
        return self._ready and not self._draining

    @property
    def draining(self) -> bool:
        """Whether this worker was told to stop."""
        return self._draining

    def drain(self) -> None:
        """Take no new job, and stop waiting for unavailable storage."""
        self._draining = True
        if self._takers is not None:
            self._takers.stop_taking()
        if self._runs is not None:
            self._runs.drain()
        if self._slots is not None:
            self._slots.drain()
        self._parts.patience.stop()
        self._parts.throttle.stop()
        self._announce()

    def stop(self) -> None:
        """Stop everything, after Celery has finished the last task."""
        if self._takers is not None:
            self._takers.stop()  # leases are renewed until the last job has ended
        if self._slots is not None:
            self._slots.stop()
        self._background.stop()
        if self._runs is not None:
            self._runs.stop()
        for model in self._parts.models.values():
            model.stop()
        self._parts.decoder.stop()
        try:
            self._parts.leader.resign()
            self._parts.registry.withdraw(self._parts.name)
        except StorageUnavailable as exc:
            log.info("not withdrawn, it expires: %s", exc, extra={"action": "stop"})

    def _watchdog(self) -> Watchdog:
        parts = self._parts
        return Watchdog(
            overdue_s=lambda: max(model.overdue_s() for model in parts.models.values()),
            busy=lambda: parts.throughput.busy() + self._steps,
            waiting=lambda: parts.broker.length_of(self.queues()),
            taken=lambda: self._taken,
        )

    def _announce(self) -> None:
        info = describe(
            self._parts,
            self._started_at,
            ready=self._ready,
            draining=self._draining,
            immediate=self._slots is not None,
            lacks=self._runs.lacks if self._runs is not None else (),
        )
        interval_s = self._parts.settings.reconcile_interval_s
        self._parts.registry.announce(info, ttl_s=4 * interval_s)
