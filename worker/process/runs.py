"""Builds the parts for datasets in one worker process."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

from contract.datasets import DatasetRecord
from contract.names.queues import TASK_FINALIZE_DATASET, TASK_FORECAST_DATASET, TASK_PLAN_DATASET
from contract.options import JobOptions
from contract.settings import Settings
from storage.broker.view import BrokerView
from storage.datasets.files import DatasetObjects
from storage.datasets.store import DatasetStore
from storage.ledger.webhooks import WebhookQueue
from storage.objects.buckets import Buckets
from storage.objects.protocol import ObjectStore
from worker.attempts.isolation import Isolation
from worker.attempts.metrics import StageClock
from worker.attempts.patience import Patience
from worker.attempts.patient import PatientLedger, PatientObjects, PatientWebhooks
from worker.attempts.step_leases import StepLeases
from worker.compute.computer import Computer
from worker.compute.throughput import Throughput
from worker.datasets.forecast import Forecaster
from worker.datasets.items import Compute, ItemOutput, ItemRunner, Range, Turn
from worker.datasets.layouts import FilesLayout, Layout, Place, TarLayout
from worker.datasets.ranges import RangeFinder
from worker.datasets.room import Rooms, own_disk
from worker.datasets.sources.fetch import Fetcher
from worker.datasets.sources.simulated import Simulated
from worker.datasets.sources.sources import Sources
from worker.runs.cpu import CpuMeter
from worker.runs.dispatcher import Dispatcher, LiveWorkers, Send
from worker.runs.finalize import Finalizer
from worker.runs.planner import Planner
from worker.runs.refusal import Refusal
from worker.runs.rounds import Rounds
from worker.runs.shard import ShardRunner
from worker.runs.shares import OwnerOf, Shares
from worker.upkeep.dataset_reconciler import DatasetReconciler

ONE_CALLER = 2  # of plans, summaries and dry runs at once: one thread stays for others
LEASE_FACTOR = 2.5  # shards are long: a short outage of Redis must not restart them


@dataclass(frozen=True)
class Surroundings:
    """The parts of the worker process that datasets use."""

    settings: Settings
    ledger: DatasetStore
    objects: ObjectStore
    broker: BrokerView
    workers: LiveWorkers
    send: Send
    leads: Callable[[], bool]
    patience: Patience
    webhooks: WebhookQueue
    throughput: Throughput
    worker: str
    model_of: Callable[[str], str]  # dataset id → the model it is computed by
    speed: Callable[[str], float]  # model → images per second, of this process
    weights_of: Callable[[str], str]  # model → the id of its weights
    turn: Turn = nullcontext
    children: Callable[[], Sequence[int]] = lambda: ()  # process ids of decoders


class DatasetCoordinator:
    """The duties of every worker, whatever its lane: leases and lost messages of datasets."""

    def __init__(self, around: Surroundings) -> None:
        self.around = around
        self.leases = StepLeases(around.ledger, LEASE_FACTOR * around.settings.lease_s)
        self.dispatcher = Dispatcher(around.ledger, around.workers, around.send)
        self._reconciler = DatasetReconciler(
            around.ledger, around.broker, self.dispatcher, around.leads, around.model_of
        )

    def beats(self) -> tuple[Callable[[], object], ...]:
        """Return the functions to call periodically."""
        return (self.leases.renew, self._reconciler.tick)


class DatasetWorker:
    """Runs the steps of datasets. Message ids are `<dataset id>/<step>`."""

    def __init__(self, coordinator: DatasetCoordinator, computer: Computer) -> None:
        around = coordinator.around
        settings = around.settings
        self._stopping = False
        self._executor = ThreadPoolExecutor(settings.concurrency, thread_name_prefix="item")
        self._buckets = Buckets(settings, around.objects)
        self._around = around
        self._rooms = Rooms(own_disk(settings), around.objects)
        files = DatasetObjects(PatientObjects(around.objects, around.patience))
        ledger = PatientLedger(around.ledger, around.patience)
        webhooks = PatientWebhooks(around.webhooks, around.patience)
        source = self._source(computer)
        runner = ItemRunner(
            source, source.compute, around.worker, settings.max_attempts, around.turn
        )
        shared: dict[str, Any] = {
            "ledger": ledger,
            "files": files,
            "leases": coordinator.leases,
            "dispatcher": coordinator.dispatcher,
            "worker": around.worker,
        }
        refuse = Refusal(ledger, files, webhooks)
        self._planner = Planner(
            **shared,
            refuse=refuse,
            rounds=Rounds(
                files,
                self._sources,
                around.speed,
                self._rooms,
                RangeFinder(files, source, source.compute, self._executor),
            ),
            stopping=lambda: self._stopping,
        )
        self._shards = ShardRunner(
            **shared,
            items=runner,
            isolation=Isolation(),
            executor=self._executor,
            window=2 * settings.concurrency,
            layout=self._layout,
            cpu=CpuMeter(around.children),
            refuse=refuse,
            stopping=lambda: self._stopping,
        )
        self._finalizer = Finalizer(**shared, webhooks=webhooks)
        self._shares = Shares(ONE_CALLER, OwnerOf(ledger, files), around.send)
        self._forecaster = Forecaster(files, self._sources, runner, self._executor)

    def plan(self, message_id: str) -> None:
        """Plan a dataset's present round."""
        self._shares.run(TASK_PLAN_DATASET, message_id, self._planner.run)

    def run_shard(self, message_id: str) -> None:
        """Run one shard."""
        dataset_id, _, shard = message_id.partition("/")
        self._shards.run(dataset_id, int(shard))

    def finalize(self, message_id: str) -> None:
        """Write a dataset's summary."""
        self._shares.run(TASK_FINALIZE_DATASET, message_id, self._finalizer.run)

    def forecast(self, message_id: str) -> None:
        """Do a dry run."""
        self._shares.run(TASK_FORECAST_DATASET, message_id, self._forecaster.run)

    def drain(self) -> None:
        """Release what is in progress at once."""
        self._stopping = True

    def stop(self) -> None:
        """End the item threads."""
        self._executor.shutdown(cancel_futures=True)

    def _source(self, computer: Computer) -> Simulated:
        around = self._around
        fetcher = Fetcher(
            around.objects, self._buckets, around.patience, around.settings.max_upload_bytes
        )
        compute = _adapted(computer, around.throughput)
        return Simulated(fetcher, compute, around.settings.simulated_item_ms / 1e3)

    def _sources(self) -> Sources:
        around = self._around
        return Sources(
            around.settings, around.objects, self._buckets, around.weights_of, self._rooms
        )

    def _layout(self, record: DatasetRecord, shard: int) -> Layout:
        around, request = self._around, record.request
        beside = around.patience.beside(around.objects.check)

        def patient(store: ObjectStore) -> ObjectStore:
            return PatientObjects(store, beside)

        def more_patient(store: ObjectStore) -> ObjectStore:
            return PatientObjects(patient(store), around.patience)

        if request.spec.layout == "webdataset":  # when a tar is written, all its items are computed
            place = Place(request, around.objects, self._buckets, more_patient)
            return TarLayout(place, shard)
        place = Place(request, around.objects, self._buckets, patient)
        return FilesLayout(place, request.spec.options)


def _adapted(computer: Computer, throughput: Throughput) -> Compute:
    def compute(
        data: bytes, options: JobOptions, clock: StageClock, shared_range: Range | None
    ) -> ItemOutput:
        with throughput.working():
            computed = computer.compute(data, options, clock, None, shared_range)
        prepared = computed.prepared
        return ItemOutput(
            prepared.width, prepared.height, computed.depth, computed.files, prepared.damage
        )

    return compute
