"""Builds the parts for runs of long work, of every kind, in one worker process."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass

from contract.ids import kind_of
from contract.kinds.registry import KINDS
from contract.names.queues import (
    TASK_FINALIZE_RUN,
    TASK_FORECAST_DATASET,
    TASK_PLAN_RUN,
    TASK_RUN_SHARD,
)
from contract.settings import Settings
from storage.broker.view import BrokerView
from storage.ledger.webhooks import WebhookQueue
from storage.objects.buckets import Buckets
from storage.objects.protocol import ObjectStore
from storage.runs.files import RunObjects
from storage.runs.store import RunStore
from worker.attempts.isolation import Isolation
from worker.attempts.patience import Patience
from worker.attempts.patient import PatientLedger, PatientObjects, PatientWebhooks
from worker.attempts.step_leases import StepLeases
from worker.compute.computer import Computer
from worker.compute.throughput import Throughput
from worker.runs.cpu import CpuMeter
from worker.runs.disk_shares import DiskShares, own_disk
from worker.runs.dispatcher import Dispatcher, LiveWorkers, Send
from worker.runs.finalize import Finalizer
from worker.runs.planner import Planner
from worker.runs.refusal import Refusal
from worker.runs.rounds import Rounds
from worker.runs.shard import ShardRunner
from worker.runs.shares import OwnerOf, Shares
from worker.runs.step_runner import StepRunner
from worker.runs.tools import Tools, Turn, open_kinds
from worker.upkeep.run_reconciler import RunReconciler

ONE_CALLER = 2  # of plans, summaries and dry runs at once: one thread stays for others
LEASE_FACTOR = 2.5  # shards are long: a short outage of Redis must not restart them


@dataclass(frozen=True)
class Surroundings:
    """The parts of the worker process that runs use."""

    settings: Settings
    ledger: RunStore
    objects: ObjectStore
    broker: BrokerView
    workers: LiveWorkers
    send: Send
    patience: Patience
    webhooks: WebhookQueue
    throughput: Throughput
    worker: str
    model_of: Callable[[str], str]  # run id → the model it is computed by
    speed: Callable[[str], float]  # model → images per second, of this process
    weights_of: Callable[[str], str]  # model → the id of its weights
    turn: Turn = nullcontext
    children: Callable[[], Sequence[int]] = lambda: ()  # process ids of decoders


class RunCoordinator:
    """The duties of every worker, whatever its lane: leases and lost messages of runs."""

    def __init__(self, around: Surroundings) -> None:
        self.around = around
        self.leases = StepLeases(around.ledger, LEASE_FACTOR * around.settings.lease_s)
        self.dispatcher = Dispatcher(around.ledger, around.workers, around.send)
        self.reconciler = RunReconciler(
            around.ledger, around.broker, self.dispatcher, around.model_of
        )


class RunWorker:
    """Runs the steps of runs. Message ids are `<run id>/<step>`."""

    def __init__(self, coordinator: RunCoordinator, computer: Computer) -> None:
        around, dispatcher = coordinator.around, coordinator.dispatcher
        settings, waits = around.settings, around.patience
        self._stopping = False
        self._executor = ThreadPoolExecutor(settings.concurrency, thread_name_prefix="item")
        files = RunObjects(PatientObjects(around.objects, waits))
        ledger, webhooks = (
            PatientLedger(around.ledger, waits),
            PatientWebhooks(around.webhooks, waits),
        )
        disk_shares = DiskShares(own_disk(settings), around.objects)
        self.tools = Tools(
            settings=settings,
            files=files,
            objects=around.objects,
            buckets=Buckets(settings, around.objects),
            patience=waits,
            computer=computer,
            weights_of=around.weights_of,
            throughput=around.throughput,
            executor=self._executor,
            disk_shares=disk_shares,
            worker=around.worker,
            turn=around.turn,
        )
        self.kinds = open_kinds(KINDS.values(), self.tools)
        steps = StepRunner(
            ledger, coordinator.leases, dispatcher, around.worker, lambda: self._stopping
        )
        refuse = Refusal(ledger, files, webhooks)
        rounds = Rounds(files, around.speed, disk_shares)
        self._planner = Planner(steps, ledger, files, rounds, dispatcher, refuse)
        cpu = CpuMeter(around.children)
        self._shards = ShardRunner(steps, ledger, files, Isolation(), cpu, refuse)
        self._finalizer = Finalizer(steps, ledger, files, webhooks, refuse)
        self._shares = Shares(ONE_CALLER, OwnerOf(ledger, files), around.send)

    @property
    def lacks(self) -> tuple[str, ...]:
        """The names of the kinds that cannot be opened here."""
        return tuple(name for name in KINDS if name not in self.kinds)

    def tasks(self) -> dict[str, Callable[[str], None]]:
        """Return the steps by the names of their tasks."""
        return {
            TASK_PLAN_RUN: self.plan,
            TASK_RUN_SHARD: self.run_shard,
            TASK_FINALIZE_RUN: self.finalize,
            TASK_FORECAST_DATASET: self.forecast,
        }

    def plan(self, message_id: str) -> None:
        """Plan a run's present round."""
        kind = self.kinds[kind_of(message_id)]
        self._shares.run(TASK_PLAN_RUN, message_id, lambda id_: self._planner.run(kind, id_))

    def run_shard(self, message_id: str) -> None:
        """Run one shard."""
        run_id, _, shard = message_id.partition("/")
        self._shards.run(self.kinds[kind_of(run_id)], run_id, int(shard))

    def finalize(self, message_id: str) -> None:
        """Write a run's summary."""
        kind, run = self.kinds[kind_of(message_id)], self._finalizer.run
        self._shares.run(TASK_FINALIZE_RUN, message_id, lambda id_: run(kind, id_))

    def forecast(self, message_id: str) -> None:
        """Do a dry run."""
        kind = self.kinds[kind_of(message_id)]
        self._shares.run(TASK_FORECAST_DATASET, message_id, kind.forecast)

    def drain(self) -> None:
        """Release what is in progress at once."""
        self._stopping = True

    def stop(self) -> None:
        """End the item threads, and what the kinds keep open."""
        self._executor.shutdown(cancel_futures=True)
        for kind in self.kinds.values():
            kind.close()
