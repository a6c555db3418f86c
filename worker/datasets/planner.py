"""Streams a listing into numbered shards, and goes on after the last one if it was killed."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice

from contract.datasets import (
    DatasetPlan,
    DatasetRecord,
    DatasetRequest,
    Item,
    ItemResult,
    PlannedRound,
)
from contract.errors import DepthqError, InternalError, InvalidRequest, StorageUnavailable
from contract.jobs import JobError
from contract.names import STEP_PLAN, shard_object
from storage.dataset_objects import DatasetObjects
from storage.datasets import DatasetStore, Next, Step, new_step
from worker.datasets.dispatcher import Dispatcher
from worker.datasets.leases import Held, StepLeases
from worker.datasets.sizes import shard_size
from worker.datasets.sources import Sources, resumable
from worker.patience import Patience

log = logging.getLogger(__name__)

MAX_CRASHES = 5
DepthRange = Callable[[DatasetRecord, int], tuple[float, float]]


class _Stopped(Exception):  # noqa: N818 - not an error
    """The step was lost, or this worker is stopping."""


@dataclass(frozen=True)
class Planner:
    """One instance per process, many threads."""

    ledger: DatasetStore
    files: DatasetObjects
    sources: Callable[[], Sources]
    leases: StepLeases
    patience: Patience
    dispatcher: Dispatcher
    rate: Callable[[], float]  # measured items per second of one worker
    depth_range: DepthRange  # from a sample of the shards written, for normalize: dataset
    worker: str
    stopping: Callable[[], bool] = lambda: False

    def run(self, dataset_id: str) -> None:
        """Plan the dataset's present round if nobody else does."""
        step = new_step(dataset_id, STEP_PLAN)
        try:
            claim = self.patience(lambda: self.ledger.claim(step, self.worker, self.leases.lease_s))
            if claim.outcome == "taken" and claim.record is not None:
                self._run_claimed(step, claim.record, claim.crashes)
        except StorageUnavailable as exc:
            log.warning("gave up waiting: %s", exc, extra=_about(step))

    def _run_claimed(self, step: Step, record: DatasetRecord, crashes: int) -> None:
        with self.leases.hold(step) as held:
            try:
                plan = self._first_round(step, record, held)
                if record.round:
                    plan = self._retry_round(step, record, held)
                answer = self._planned(step, plan)
            except _Stopped:
                self.patience(lambda: self.ledger.release(step, counted=False))
                return
            except InvalidRequest as exc:
                self._refuse(step, exc)
                return
            except StorageUnavailable as exc:
                log.warning("planning is interrupted: %s", exc, extra=_about(step))
                self.patience(lambda: self.ledger.release(step, counted=False))
                return
            except Exception:
                log.exception("planning failed", extra=_about(step))
                self._again_or_refuse(step, crashes)
                return
        self.dispatcher.after(step.dataset_id, answer)

    def _planned(self, step: Step, plan: DatasetPlan) -> Next:
        latest = plan.rounds[-1]
        log.info("planned: %s items in %s shards", latest.items, latest.shards, extra=_about(step))
        return self.patience(
            lambda: self.ledger.planned(
                step,
                plan.shards_total,
                plan.items,
                again=latest.again,
                depth_range=plan.depth_range,
            )
        )

    # the first round

    def _first_round(self, step: Step, record: DatasetRecord, held: Held) -> DatasetPlan:
        plan = self.files.plan(record.id)
        if plan.rounds:
            return plan
        request = record.request
        shards, items, after = self._written(request) if resumable(request) else (0, 0, "")
        listing = self.sources().items(request, after)
        rate = self.rate()
        while True:
            self._check(held)
            size = shard_size(shards, rate, request.spec.shard_size)
            batch = list(islice(listing, size))
            if not batch:
                break
            self._write(record.id, shards, batch)
            shards, items = shards + 1, items + len(batch)
            self._progress(step, shards, items, request)
        if not items:
            raise InvalidRequest("the dataset has no items: nothing in the source fits")
        self._remove_from(record.id, shards)
        planned = PlannedRound(round=0, first=0, shards=shards, items=items)
        return self._finish(record, DatasetPlan(rounds=(planned,)), shards)

    def _finish(self, record: DatasetRecord, plan: DatasetPlan, shards: int) -> DatasetPlan:
        if record.request.spec.normalize == "dataset":
            plan = plan.model_copy(update={"depth_range": self.depth_range(record, shards)})
        self.patience(lambda: self.files.write_plan(record.id, plan))
        return plan

    def _progress(self, step: Step, shards: int, items: int, request: DatasetRequest) -> None:
        early = resumable(request) and request.spec.normalize == "image"
        if not self.patience(
            lambda: self.ledger.plan_progress(step, shards, items, dispatch=early)
        ):
            raise _Stopped
        if early:
            self.dispatcher.top_up()

    def _written(self, request: DatasetRequest) -> tuple[int, int, str]:
        """Return what a killed planner left: shards, their items, and the uri of the last one."""
        shards, items, after = 0, 0, ""
        for number in self.files.shard_numbers(request.id):
            if number != shards:  # written by nobody in order: plan on from the gap
                break
            batch = self.files.shard(request.id, number)
            shards, items, after = number + 1, items + len(batch), batch[-1].uri
        return shards, items, after

    def _remove_from(self, dataset_id: str, shard: int) -> None:
        """Remove shards that an earlier attempt numbered beyond the last one."""
        numbers = self.files.shard_numbers(dataset_id, shard)
        stale = [shard_object(dataset_id, number) for number in numbers]
        if stale:
            self.patience(lambda: self.files.store.delete(stale))

    # a retry

    def _retry_round(self, step: Step, record: DatasetRecord, held: Held) -> DatasetPlan:
        plan = self.files.plan(record.id)
        if plan.rounds[-1].round == record.round:
            return plan
        first, again = plan.shards_total, Counter[str]()
        rate, shards, items = self.rate(), 0, 0
        failed = self._failed_items(record, first, again)
        while batch := list(islice(failed, self._retry_size(record, shards, rate))):
            self._check(held)
            self._write(record.id, first + shards, batch)
            shards, items = shards + 1, items + len(batch)
        self._remove_from(record.id, first + shards)
        planned = PlannedRound(
            round=record.round,
            first=first,
            shards=shards,
            items=items,
            codes=record.retry_codes,
            again=dict(sorted(again.items())),
        )
        plan = plan.model_copy(update={"rounds": (*plan.rounds, planned)})
        self.patience(lambda: self.files.write_plan(record.id, plan))
        log.info("round %s: %s failed items", record.round, items, extra=_about(step))
        return plan

    def _retry_size(self, record: DatasetRecord, shard: int, rate: float) -> int:
        return shard_size(shard, rate, record.request.spec.shard_size)

    def _failed_items(
        self, record: DatasetRecord, before: int, again: Counter[str]
    ) -> Iterator[Item]:
        for number in self.files.failure_numbers(record.id):
            if number >= before:
                return
            failures = {
                result.id: result
                for result in self.files.failures(record.id, number)
                if _wanted(result, record.retry_codes)
            }
            for item in self.files.shard(record.id, number) if failures else ():
                if item.id in failures:
                    again[_code(failures[item.id])] += 1
                    yield item

    # all rounds

    def _write(self, dataset_id: str, shard: int, items: list[Item]) -> None:
        self.patience(lambda: self.files.write_shard(dataset_id, shard, items))

    def _check(self, held: Held) -> None:
        if held.lost or self.stopping():
            raise _Stopped

    def _again_or_refuse(self, step: Step, crashes: int) -> None:
        if crashes + 1 >= MAX_CRASHES:
            self._refuse(step, InternalError("planning failed too often for a reason of ours"))
        else:
            self.patience(lambda: self.ledger.release(step, counted=True))

    def _refuse(self, step: Step, exc: DepthqError) -> None:
        log.info("refused: %s", exc, extra=_about(step))
        error = JobError(code=exc.code, message=exc.message, retryable=exc.retryable)
        self.patience(lambda: self.files.write_refused(step.dataset_id, error))
        self.patience(lambda: self.ledger.refuse(step, error))


def _wanted(result: ItemResult, codes: tuple[str, ...]) -> bool:
    return not codes or _code(result) in codes


def _code(result: ItemResult) -> str:
    return result.error.code if result.error is not None else "internal"


def _about(step: Step) -> dict[str, str]:
    return {"action": "plan", "dataset_id": step.dataset_id}
