"""Puts one worker process together and takes it apart: the composition root."""

from __future__ import annotations

import logging
import os
import socket
import threading
import time
from collections.abc import Callable

from contract.errors import StorageUnavailable
from contract.jobs import ModelInfo
from contract.names import (
    LEADER_KEY,
    TASK_FINALIZE_DATASET,
    TASK_FORECAST_DATASET,
    TASK_PLAN_DATASET,
    TASK_RUN_JOB,
    TASK_RUN_SHARD,
    Lane,
)
from contract.settings import Settings
from outbound.http import CHUNK_BYTES, Door
from storage.broker_view import BrokerView
from storage.connection import open_redis
from storage.datasets import DatasetStore
from storage.factory import open_object_store
from storage.incarnation import Incarnation
from storage.jobs import JobStore
from storage.leader import LeaderLock
from storage.result_index import ResultIndex
from storage.webhooks import WebhookQueue
from storage.workers import WorkerInfo, WorkerRegistry
from worker.advice import advise
from worker.app import make_celery, send
from worker.batcher import Batcher
from worker.datasets.recover import recover_datasets
from worker.datasets.retention import DatasetRetention
from worker.datasets.service import DatasetCoordinator, DatasetWorker, Surroundings
from worker.ending import Ending
from worker.engines.factory import open_engine
from worker.engines.protocol import EngineInfo
from worker.imaging.decoder import Decoder
from worker.isolation import Isolation
from worker.leases import Leases
from worker.machine import cores_given
from worker.metrics import observe_batch
from worker.patience import Patience
from worker.pipeline import Computer, Pipeline
from worker.pulse import Pulse
from worker.reconciler import Reconciler
from worker.restore import Restorer, days_kept, restore_jobs
from worker.result_cache import ResultCache
from worker.sweeper import Sweeper
from worker.throughput import Throughput
from worker.watchdog import Watchdog
from worker.webhooks import Webhooks, secret_key

log = logging.getLogger(__name__)

COMMON_SHAPES = ((192, 256), (160, 256), (256, 192), (256, 256))  # 4:3, 3:2, 3:4, 1:1


class WorkerService:
    """One lane's worker: `start()`, hand `run_job` to Celery, `drain()`, `stop()`."""

    def __init__(self, settings: Settings, lane: Lane) -> None:
        self._settings = settings
        self._lane = lane
        self._name = f"{lane.value}@{socket.gethostname()}-{os.getpid()}"
        self._started_at = time.time()
        self._ready = self._draining = False
        self._taken = 0
        self._redis = open_redis(settings)
        self._jobs = JobStore(self._redis)
        self._objects = open_object_store(settings, patient=True)
        self._registry = WorkerRegistry(self._redis)
        self._engine = open_engine(settings, advise(settings).streams)
        self._throughput = Throughput()
        self._leases = Leases(self._jobs, settings.lease_s)
        self._patience = Patience()
        self._batcher = Batcher(
            self._engine.infer,
            self._engine.max_batch,
            observe_batch,
            max_latency_s=settings.max_batch_latency_ms / 1e3,
            streams=self._engine.streams,
        )
        self._decoder = _decoder(settings)
        self.celery = make_celery(settings)
        self._leader = LeaderLock(self._redis, LEADER_KEY, 3 * settings.reconcile_interval_s)
        self._steps = 0  # of datasets, in progress
        self._counting = threading.Lock()
        self._coordinator = DatasetCoordinator(self._surroundings())
        self._datasets: DatasetWorker | None = None
        self._pulse = Pulse(settings.reconcile_interval_s, self._beats())
        # apart from the pulse: a long sweep or a slow receiver must not cost a lease
        self._housekeeping = Pulse(1.0, (self._webhooks().tick, self._sweeper().tick))
        self._restoring = Pulse(settings.reconcile_interval_s, (self._restorer().tick,))
        self._pipeline: Pipeline | None = None

    def start(self) -> None:
        """Load and warm the model, start the threads and the decoding children, announce."""
        self._decoder.start()  # children start while the model loads
        self._patience(self._objects.check)  # and makes the bucket, if that is wanted
        self._engine.load()
        self._engine.warm_up(COMMON_SHAPES)
        self._decoder.wait_until_ready()  # without decoders it would be ready for nothing
        info = self._engine.describe()
        self._batcher.start()
        model = _model(info)
        computer = Computer(self._decoder, self._batcher, model)
        self._pipeline = self._make_pipeline(computer, model)
        if self._lane is Lane.BULK:
            self._datasets = DatasetWorker(self._coordinator, computer, model)
        self._ready = True
        self._announce()
        self._pulse.start()
        self._housekeeping.start()
        self._restoring.start()
        log.info(
            "ready in %.1f s: %s %s, %s threads, weights %s",
            time.time() - self._started_at,
            info.engine,
            info.precision,
            info.threads,
            info.weights_id,
            extra={"action": "start", "lane": self._lane.value},
        )

    def run_job(self, job_id: str) -> None:
        """Run one job to its end; called from Celery's task threads."""
        assert self._pipeline is not None, "start() comes first"  # noqa: S101
        self._taken += 1
        with self._throughput.working():
            self._pipeline.run(job_id)

    def dataset_tasks(self) -> dict[str, Callable[[str], None]]:
        """Return the steps of datasets by their task names; none but in the bulk lane."""
        if self._datasets is None:
            return {}
        steps = {
            TASK_PLAN_DATASET: self._datasets.plan,
            TASK_RUN_SHARD: self._datasets.run_shard,
            TASK_FINALIZE_DATASET: self._datasets.finalize,
            TASK_FORECAST_DATASET: self._datasets.forecast,
        }
        return {name: self._counted(step) for name, step in steps.items()}

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
        """Say that no new job is taken and stop waiting for storage that is away."""
        self._draining = True
        if self._datasets is not None:
            self._datasets.drain()
        self._patience.stop()
        self._announce()

    def stop(self) -> None:
        """End everything, after Celery has let go of the last task."""
        self._pulse.stop()
        self._housekeeping.stop()
        self._restoring.stop()
        if self._datasets is not None:
            self._datasets.stop()
        self._batcher.stop()
        self._decoder.stop()
        try:
            self._leader.resign()
            self._registry.withdraw(self._name)
        except StorageUnavailable as exc:
            log.info("not withdrawn, it expires: %s", exc, extra={"action": "stop"})

    def _make_pipeline(self, computer: Computer, model: ModelInfo) -> Pipeline:
        index = ResultIndex(self._redis)
        cache = ResultCache(self._objects, index, model, self._settings.max_side_px)
        return Pipeline(
            objects=self._objects,
            jobs=self._jobs,
            ending=self._make_ending(),
            computer=computer,
            leases=self._leases,
            patience=self._patience,
            isolation=Isolation(),
            worker=self._name,
            lease_s=self._settings.lease_s,
            max_attempts=self._settings.max_attempts,
            cache=cache if self._settings.result_cache else None,
        )

    def _make_ending(self) -> Ending:
        return Ending(
            objects=self._objects,
            jobs=self._jobs,
            webhooks=WebhookQueue(self._redis),
            leases=self._leases,
            patience=self._patience,
            lease_s=self._settings.lease_s,
        )

    def _beats(self) -> tuple[Callable[[], object], ...]:
        broker = BrokerView(self._redis)
        watchdog = Watchdog(
            engine_busy_s=self._batcher.busy_s,
            busy=lambda: self._throughput.busy() + self._steps,
            waiting=lambda: broker.length(self._lane),
            taken=lambda: self._taken,
        )
        reconciler = Reconciler(self._jobs, broker, self._leader, self._send_job)
        datasets = self._coordinator.beats()
        return (self._leases.renew, *datasets, self._announce, reconciler.tick, watchdog.look)

    def _restorer(self) -> Restorer:
        days = days_kept(self._settings.retention_s)

        def jobs() -> dict[str, int]:
            return restore_jobs(self._objects, self._jobs, self._send_job, days)

        def datasets() -> dict[str, int]:
            return recover_datasets(self._objects, DatasetStore(self._redis))

        leads = self._leader.acquire_or_renew
        return Restorer(Incarnation(self._redis), leads, (jobs, datasets))

    def _send_job(self, job_id: str, lane: Lane) -> None:
        send(self.celery, TASK_RUN_JOB, job_id, lane)

    def _surroundings(self) -> Surroundings:
        return Surroundings(
            settings=self._settings,
            ledger=DatasetStore(self._redis),
            objects=self._objects,
            broker=BrokerView(self._redis),
            workers=self._registry,
            send=lambda task, message_id: send(self.celery, task, message_id, Lane.BULK),
            leads=self._leader.acquire_or_renew,
            patience=self._patience,
            webhooks=WebhookQueue(self._redis),
            throughput=self._throughput,
            worker=self._name,
            children=lambda: self._decoder.pids,
        )

    def _webhooks(self) -> Webhooks:
        secret = self._settings.webhook_secret
        return Webhooks(
            self._jobs,
            WebhookQueue(self._redis),
            Door(max_bytes=CHUNK_BYTES),
            secret_key(secret.get_secret_value()) if secret else None,
            self._leader.acquire_or_renew,
            DatasetStore(self._redis),
        )

    def _sweeper(self) -> Sweeper:
        retention_s = self._settings.retention_s
        datasets = DatasetRetention(self._objects, DatasetStore(self._redis), retention_s)
        return Sweeper(
            self._objects, retention_s, self._leader.acquire_or_renew, others=datasets.sweep
        )

    def _announce(self) -> None:
        info = self._engine.describe()
        self._registry.announce(
            WorkerInfo(
                name=self._name,
                lane=self._lane,
                pid=os.getpid(),
                host=socket.gethostname(),
                started_at=self._started_at,
                ready=self._ready,
                draining=self._draining,
                engine=info.engine,
                precision=info.precision,
                model=info.model,
                weights_id=info.weights_id,
                images_per_s=round(self._throughput.images_per_s(), 2),
                busy=self._throughput.busy(),
                slots=self._settings.concurrency,
            ),
            ttl_s=4 * self._settings.reconcile_interval_s,
        )


def _model(info: EngineInfo) -> ModelInfo:
    return ModelInfo(
        name=info.model,
        weights_id=info.weights_id,
        engine=info.engine,
        precision=info.precision,
        net_size=(0, 0),
    )


def _decoder(settings: Settings) -> Decoder:
    return Decoder(
        processes=settings.decode_processes or cores_given(),
        memory_bytes=settings.decode_memory_bytes,
        timeout_s=settings.decode_timeout_s,
        max_pixels=settings.max_pixels,
        max_side_px=settings.max_side_px,
        extra_formats=settings.extra_formats,
    )
