"""The composition root: builds the parts of one worker process."""

from __future__ import annotations

import os
import socket
from dataclasses import dataclass
from typing import Any

import cv2

from contract.jobs import ModelInfo
from contract.names.queues import TASK_RUN_JOB, Lane
from contract.names.redis_keys import LEADER_KEY
from contract.settings import Settings
from storage.broker.view import BrokerView
from storage.datasets.store import DatasetStore
from storage.fleet.leader import LeaderLock
from storage.fleet.presence import Presence
from storage.fleet.workers import WorkerRegistry
from storage.immediate.exchange import Exchange
from storage.jobs.result_index import ResultIndex
from storage.jobs.store import JobStore
from storage.ledger.connection import open_redis
from storage.ledger.webhooks import WebhookQueue
from storage.objects.open import open_object_store
from storage.objects.protocol import ObjectStore
from worker.advice import advise
from worker.attempts.isolation import Isolation
from worker.attempts.leases import Leases
from worker.attempts.metrics import observe_batch
from worker.attempts.patience import Patience
from worker.compute.batcher import Batcher
from worker.compute.computer import Computer
from worker.compute.lane_throttle import BulkThrottle, InteractiveAnnouncer, LaneThrottle
from worker.compute.throughput import Throughput
from worker.engines.factory import open_engine
from worker.engines.protocol import Engine
from worker.imaging.decoder import Decoder
from worker.immediate.answer import Answerer
from worker.immediate.slots import Slots, Turn
from worker.jobs.ending import Ending
from worker.jobs.pipeline import Pipeline
from worker.jobs.result_cache import ResultCache
from worker.machine import cores_given, machine_id
from worker.process.app import make_celery, send


@dataclass(frozen=True)
class Parts:
    """The parts that a worker's threads share. Building them connects to nothing."""

    settings: Settings
    lane: Lane
    name: str
    redis: Any
    objects: ObjectStore
    jobs: JobStore
    datasets: DatasetStore
    webhooks: WebhookQueue
    broker: BrokerView
    registry: WorkerRegistry
    leader: LeaderLock
    engine: Engine
    batcher: Batcher
    decoder: Decoder
    leases: Leases
    patience: Patience
    throughput: Throughput
    throttle: LaneThrottle
    celery: Any

    def send_job(self, job_id: str, lane: Lane) -> None:
        """Put a job's message on the queue of its lane."""
        send(self.celery, TASK_RUN_JOB, job_id, lane)

    def send_step(self, task: str, message_id: str) -> None:
        """Put the message of a dataset's step on the bulk queue."""
        send(self.celery, task, message_id, Lane.BULK)

    def model(self) -> ModelInfo:
        """Return what computes the depth; the engine must be loaded."""
        info = self.engine.describe()
        return ModelInfo(
            name=info.model,
            weights_id=info.weights_id,
            engine=info.engine,
            precision=info.precision,
            net_size=(0, 0),
        )


def build_parts(settings: Settings, lane: Lane) -> Parts:
    """Return the parts of a worker of `lane`. Raises DepthqError if its weights are missing."""
    cv2.setNumThreads(1)  # Every core is busy with another image; more threads would only wait.
    redis = open_redis(settings)
    jobs = JobStore(redis)
    engine = open_engine(settings, advise(settings).streams)
    throttle = _throttle(lane, Presence(redis, machine_id()))
    return Parts(
        settings=settings,
        lane=lane,
        name=f"{lane.value}@{socket.gethostname()}-{os.getpid()}",
        redis=redis,
        objects=open_object_store(settings, patient=True),
        jobs=jobs,
        datasets=DatasetStore(redis),
        webhooks=WebhookQueue(redis),
        broker=BrokerView(redis),
        registry=WorkerRegistry(redis),
        leader=LeaderLock(redis, LEADER_KEY, 3 * settings.reconcile_interval_s),
        engine=engine,
        batcher=_batcher(settings, engine, throttle),
        decoder=_decoder(settings),
        leases=Leases(jobs, settings.lease_s),
        patience=Patience(),
        throughput=Throughput(),
        throttle=throttle,
        celery=make_celery(settings),
    )


def build_pipeline(parts: Parts, computer: Computer) -> Pipeline:
    """Return the pipeline of single jobs over `parts`."""
    settings = parts.settings
    index = ResultIndex(parts.redis)
    cache = ResultCache(parts.objects, index, parts.model(), settings.max_side_px)
    ending = Ending(
        parts.objects, parts.jobs, parts.webhooks, parts.leases, parts.patience, settings.lease_s
    )
    return Pipeline(
        objects=parts.objects,
        jobs=parts.jobs,
        ending=ending,
        computer=computer,
        leases=parts.leases,
        patience=parts.patience,
        isolation=Isolation(),
        worker=parts.name,
        lease_s=settings.lease_s,
        max_attempts=settings.max_attempts,
        cache=cache if settings.result_cache else None,
    )


def build_slots(parts: Parts, computer: Computer, turn: Turn) -> Slots:
    """Return the threads that compute requests of which nothing is kept."""
    settings = parts.settings
    return Slots(
        Exchange(open_redis(settings, text=False)),
        Answerer(computer, settings.immediate_max_bytes),
        turn,
        settings.concurrency,
    )


def _throttle(lane: Lane, presence: Presence) -> LaneThrottle:
    return BulkThrottle(presence.heard) if lane is Lane.BULK else InteractiveAnnouncer(presence.say)


def _batcher(settings: Settings, engine: Engine, throttle: LaneThrottle) -> Batcher:
    return Batcher(
        engine.infer,
        engine.max_batch,
        observe_batch,
        max_latency_s=settings.max_batch_latency_ms / 1e3,
        streams=engine.streams,
        yielding=throttle.yielding,
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
