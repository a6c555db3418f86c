"""Runs one shard: many items in flight, results in order, files written whole."""

from __future__ import annotations

import logging
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, Future, wait
from dataclasses import dataclass

from contract.datasets import Counts, DatasetRecord
from contract.errors import InvalidRequest, NotFound, StorageUnavailable
from contract.items import Item, ItemResult
from storage.datasets.files import DatasetObjects
from storage.datasets.lines import broken_item
from storage.datasets.store import Step, StepClaim, new_step
from worker.attempts.isolation import Isolation
from worker.attempts.patient import PatientLedger
from worker.attempts.step_leases import Held, StepLeases
from worker.datasets.items import ItemRunner, ItemTask
from worker.datasets.layouts import Layout
from worker.runs.cpu import CpuMeter
from worker.runs.dispatcher import Dispatcher
from worker.runs.refusal import Refusal

log = logging.getLogger(__name__)

CAREFUL_AFTER_CRASHES = 2
POISONED_AFTER_DEATHS = 2  # crashes of the worker at this item, run alone
GONE_AFTER_CRASHES = 3  # tries to read a shard's items
GIVE_UP_AFTER_CRASHES = 50  # each may decide one item of the shard


@dataclass(frozen=True)
class ShardRunner:
    """One instance per process, many threads."""

    ledger: PatientLedger
    files: DatasetObjects
    items: ItemRunner
    leases: StepLeases
    isolation: Isolation
    executor: Executor
    window: int  # items of one shard in flight
    dispatcher: Dispatcher
    layout: Callable[[DatasetRecord, int], Layout]
    cpu: CpuMeter
    refuse: Refusal
    worker: str
    stopping: Callable[[], bool] = lambda: False

    def run(self, dataset_id: str, shard: int) -> None:
        """Run the shard if it can be claimed: count it, or release it."""
        step = new_step(dataset_id, str(shard))
        try:
            claim = self.ledger.claim(step, self.worker, self.leases.lease_s)
            if claim.outcome == "taken" and claim.record is not None:
                self._run_claimed(step, shard, claim, claim.record)
        except StorageUnavailable as exc:
            # the lease expires and the reconciler sends the shard again
            log.warning("gave up waiting: %s", exc, extra=_about(step))

    def _run_claimed(self, step: Step, shard: int, claim: StepClaim, record: DatasetRecord) -> None:
        careful = claim.crashes >= CAREFUL_AFTER_CRASHES
        log.info("shard taken", extra=_about(step) | {"crashes": claim.crashes})
        lock = self.isolation.exclusive() if careful else self.isolation.shared()
        with self.leases.hold(step) as held, lock:
            try:
                results = self._results(step, shard, claim, record, held)
            except InvalidRequest as exc:  # its outputs cannot be written (any more)
                self.refuse(step, record, exc)
                return
            except StorageUnavailable as exc:
                log.warning("given back: %s", exc, extra=_about(step))
                self.ledger.release(step, counted=False)
                return
            except Exception:
                log.exception("shard failed", extra=_about(step))
                self.ledger.release(step, counted=True)
                return
            if results is None:
                return
            counts = count(results)
            log.info("shard done: %s items", counts.total, extra=_about(step))
            answer = self.ledger.shard_done(step, counts, self.cpu.lap())
        self.dispatcher.after(step.dataset_id, answer)

    def _results(
        self, step: Step, shard: int, claim: StepClaim, record: DatasetRecord, held: Held
    ) -> list[ItemResult] | None:
        """Run the items and write their results; None: the shard was lost."""
        items = self._items(step, shard, claim)
        spec = record.request.spec
        with self.layout(record, shard) as layout:
            task = ItemTask(
                spec.options, layout, record.round, record.depth_range, record.request.owner
            )
            if claim.crashes >= CAREFUL_AFTER_CRASHES:
                ended = self._alone(step, items, task, claim, held)
            else:
                ended = self._together(items, task, held)
            results = []
            for result in ended:
                layout.add(result)
                results.append(result)
            if not self._may_write(step, held, complete=len(results) == len(items)):
                return None
            layout.finish()
            self.files.write_results(step.dataset_id, shard, results)
        return results

    def _items(self, step: Step, shard: int, claim: StepClaim) -> list[Item]:
        try:
            return self.files.shard(step.dataset_id, shard)
        except NotFound:
            if claim.crashes < GONE_AFTER_CRASHES:
                raise
            return [broken_item(str(shard), "the list of this shard's items is gone from storage")]

    def _may_write(self, step: Step, held: Held, *, complete: bool) -> bool:
        if held.canceled or (complete and not held.lost):
            return True
        if not held.lost:  # this worker is stopping
            self.ledger.release(step, counted=False)
        log.info("dropped a shard unfinished", extra=_about(step))
        return False

    def _together(self, items: Sequence[Item], task: ItemTask, held: Held) -> Iterator[ItemResult]:
        """Yield results in order, with a bounded number of items in flight."""
        flying: deque[Future[ItemResult]] = deque()
        todo = iter(items)
        try:
            while not held.lost and not self.stopping():
                while len(flying) < self.window and (item := next(todo, None)) is not None:
                    flying.append(self.executor.submit(self.items.run, item, task))
                if not flying:
                    return
                ended = flying.popleft().result()
                held.items += 1
                yield ended
            if held.canceled:
                yield from _landed(flying)
        finally:  # no item may still run when the layout is closed
            for future in flying:
                future.cancel()
            wait(flying)

    def _alone(
        self, step: Step, items: Sequence[Item], task: ItemTask, claim: StepClaim, held: Held
    ) -> Iterator[ItemResult]:
        """Yield results one by one; each item is recorded before it is processed."""
        deaths = Counter(claim.died_at)
        log.warning("runs item by item after %s crashes", claim.crashes, extra=_about(step))
        for index, item in enumerate(items):
            if held.lost or self.stopping():
                return
            hopeless = claim.crashes >= GIVE_UP_AFTER_CRASHES
            if deaths[index] >= POISONED_AFTER_DEATHS or hopeless:
                yield self.items.poisoned(item, task, max(deaths[index], 1))
            else:
                self.ledger.mark(step, index)
                yield self.items.run(item, task)
            held.items += 1


def _landed(flying: deque[Future[ItemResult]]) -> Iterator[ItemResult]:
    """Finish the items that have begun, up to the first gap."""
    begun = [future for future in flying if not future.cancel()]
    for future in begun:
        if future.exception() is not None:
            return
        yield future.result()


def count(results: Sequence[ItemResult]) -> Counts:
    """Return the results by state and code."""
    states = Counter(result.state for result in results)
    codes = Counter(result.error.code for result in results if result.error is not None)
    return Counts(
        total=len(results),
        succeeded=states["succeeded"],
        skipped=states["skipped"],
        failed=states["failed"],
        by_code=dict(sorted(codes.items())),
    )


def _about(step: Step) -> dict[str, object]:
    return {"action": "shard", "dataset_id": step.dataset_id, "shard": step.name}
