"""The composition root: builds the parts of one worker process."""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass

import cv2

from contract.names.queues import TASK_RUN_JOB, Lane
from contract.names.redis_keys import LEADER_KEY
from contract.settings import Settings
from storage.broker.view import BrokerView
from storage.fleet.leader import LeaderLock
from storage.fleet.presence import Presence
from storage.fleet.workers import WorkerRegistry
from storage.immediate.exchange import Exchange
from storage.jobs.result_index import ResultIndex
from storage.jobs.store import JobStore
from storage.ledger.connection import RedisClient, open_redis
from storage.ledger.webhooks import WebhookQueue
from storage.objects.open import handover_bytes, open_object_store
from storage.objects.protocol import ObjectStore
from storage.runs.files import RunObjects
from storage.runs.model_of import ModelOf
from storage.runs.store import RunStore
from worker.attempts.isolation import Isolation
from worker.attempts.leases import Leases
from worker.attempts.patience import Patience
from worker.attempts.patient import PatientJobs, PatientObjects, PatientWebhooks
from worker.compute.computer import Computer
from worker.compute.held_model import HeldModel
from worker.compute.lane_throttle import BulkThrottle, InteractiveAnnouncer, LaneThrottle
from worker.compute.throughput import Throughput
from worker.engines.protocol import EngineInfo
from worker.imaging.decoder import Decoder, open_decoder
from worker.immediate.answer import Answerer
from worker.immediate.slots import Slots, Turn
from worker.jobs.ending import Ending
from worker.jobs.failures import Failures
from worker.jobs.pipeline import Pipeline
from worker.jobs.result_cache import ResultCache
from worker.machine import machine_id
from worker.process.app import CeleryApp, make_celery, send
from worker.process.models import LoadingModels


@dataclass(frozen=True)
class Parts:
    """The parts that a worker's threads share. Building them connects to nothing."""

    settings: Settings
    lane: Lane
    name: str
    redis: RedisClient
    objects: ObjectStore
    jobs: JobStore
    datasets: RunStore
    webhooks: WebhookQueue
    broker: BrokerView
    registry: WorkerRegistry
    leader: LeaderLock
    loading: LoadingModels
    decoder: Decoder
    leases: Leases
    patience: Patience
    throughput: Throughput
    throttle: LaneThrottle
    model_of: ModelOf
    celery: CeleryApp

    @property
    def models(self) -> Mapping[str, HeldModel]:
        """The models by name."""
        return self.loading.held

    def send_job(self, job_id: str, lane: Lane, model: str) -> None:
        """Put a job's message on the queue of its lane and model."""
        send(self.celery, TASK_RUN_JOB, job_id, lane, model)

    def send_step(self, task: str, message_id: str) -> None:
        """Put the message of a dataset's step on the bulk queue of its model."""
        model = self.model_of(message_id.partition("/")[0])
        send(self.celery, task, message_id, Lane.BULK, model)

    def about_models(self) -> dict[str, EngineInfo]:
        """Return what each model is computed by; they must be loaded."""
        return {name: model.about for name, model in self.models.items()}


def build_parts(
    settings: Settings,
    lane: Lane,
    loading: LoadingModels | None = None,
    decoder: Decoder | None = None,
) -> Parts:
    """Return the parts of a worker of `lane`. Raises DepthqError if its weights are missing.

    `loading`: its models, where they load already; `decoder`: where its children start already.
    """
    cv2.setNumThreads(1)  # Every core is busy with another image; more threads would only wait.
    redis = open_redis(settings)
    jobs = JobStore(redis, handover_bytes(settings))
    throttle = _throttle(lane, Presence(redis, machine_id()))
    loading = loading or LoadingModels(settings, lane)
    loading.yielding = throttle.yielding
    objects, datasets = open_object_store(settings, patient=True), RunStore(redis)
    return Parts(
        settings=settings,
        lane=lane,
        name=f"{lane.value}@{socket.gethostname()}-{os.getpid()}",
        redis=redis,
        objects=objects,
        jobs=jobs,
        datasets=datasets,
        webhooks=WebhookQueue(redis),
        broker=BrokerView(redis),
        registry=WorkerRegistry(redis),
        leader=LeaderLock(redis, LEADER_KEY, 3 * settings.reconcile_interval_s),
        loading=loading,
        decoder=decoder or open_decoder(settings),
        leases=Leases(jobs, settings.lease_s),
        patience=Patience(),
        throughput=Throughput(),
        throttle=throttle,
        model_of=ModelOf(datasets, RunObjects(objects)),
        celery=make_celery(settings, {name: model.pace for name, model in loading.held.items()}),
    )


def build_pipeline(parts: Parts, computer: Computer) -> Pipeline:
    """Return the pipeline of single jobs over `parts`."""
    settings = parts.settings
    index = ResultIndex(parts.redis)
    cache = ResultCache(parts.objects, index, parts.about_models(), settings.max_side_px)
    objects = PatientObjects(parts.objects, parts.patience)
    jobs = PatientJobs(parts.jobs, parts.patience)
    webhooks = PatientWebhooks(parts.webhooks, parts.patience)
    ending = Ending(objects, jobs, webhooks, parts.leases, settings.lease_s)
    return Pipeline(
        objects=objects,
        jobs=jobs,
        ending=ending,
        computer=computer,
        leases=parts.leases,
        isolation=Isolation(),
        worker=parts.name,
        lease_s=settings.lease_s,
        max_attempts=settings.max_attempts,
        failures=Failures(objects, jobs, ending, settings.max_attempts),
        cache=cache if settings.result_cache else None,
    )


def build_slots(parts: Parts, computer: Computer, turn: Turn) -> Slots:
    """Return the threads that compute requests of which nothing is kept."""
    settings = parts.settings
    return Slots(
        Exchange(open_redis(settings, text=False)),
        Answerer(computer, settings.immediate_max_bytes),
        turn,
        tuple(parts.models),
        settings.concurrency,
    )


def _throttle(lane: Lane, presence: Presence) -> LaneThrottle:
    if lane is Lane.BULK:
        return BulkThrottle(presence.messages)
    return InteractiveAnnouncer(presence.publish)
