"""Plans a dataset's present round under a lease: writes its shards, or refuses it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass

from contract.datasets import DatasetPlan, DatasetRecord
from contract.errors import (
    InternalError,
    InvalidRequest,
    Overloaded,
    StorageUnavailable,
)
from contract.names.queues import STEP_PLAN
from storage.datasets.files import DatasetObjects
from storage.datasets.store import Next, Step, new_step
from worker.attempts.patient import PatientLedger
from worker.attempts.step_leases import Held, StepLeases
from worker.datasets.sources.sources import resumable
from worker.runs.dispatcher import Dispatcher
from worker.runs.refusal import Refusal
from worker.runs.rounds import Rounds

log = logging.getLogger(__name__)

MAX_CRASHES = 5


class _Stopped(Exception):  # noqa: N818 - not an error
    """The step was lost, or this worker is stopping."""


@dataclass(frozen=True)
class Planner:
    """One instance per process, many threads."""

    ledger: PatientLedger
    files: DatasetObjects
    rounds: Rounds
    leases: StepLeases
    dispatcher: Dispatcher
    worker: str
    refuse: Refusal
    stopping: Callable[[], bool] = lambda: False

    def run(self, dataset_id: str) -> None:
        """Plan the dataset's present round if no other worker does so."""
        step = new_step(dataset_id, STEP_PLAN)
        try:
            claim = self.ledger.claim(step, self.worker, self.leases.lease_s)
            if claim.outcome == "taken" and claim.record is not None:
                self._run_claimed(step, claim.record, claim.crashes)
        except StorageUnavailable as exc:
            # the lease expires and the reconciler sends the step again
            log.warning("gave up waiting: %s", exc, extra=_about(step))

    def _run_claimed(self, step: Step, record: DatasetRecord, crashes: int) -> None:
        with self.leases.hold(step) as held:
            try:
                answer = self._planned(step, self._plan(step, record, held))
            except (InvalidRequest, Overloaded) as exc:
                self.refuse(step, record, exc)
                if not record.round:
                    self.files.drop_planned(step.dataset_id)
                return
            except (_Stopped, StorageUnavailable) as exc:
                log.warning("planning is interrupted: %s", exc, extra=_about(step))
                self.ledger.release(step, counted=False)
                return
            except Exception:
                log.exception("planning failed", extra=_about(step))
                self._again_or_refuse(step, record, crashes)
                return
        self.dispatcher.after(step.dataset_id, answer)

    def _plan(self, step: Step, record: DatasetRecord, held: Held) -> DatasetPlan:
        if record.round:
            return self.rounds.retry(record, lambda _shards, _items: self._check(held))
        request = record.request
        early = resumable(request) and request.spec.normalize == "image"

        def told(shards: int, items: int) -> None:
            self._check(held)
            if not shards:
                return
            if not self.ledger.plan_progress(step, shards, items, dispatch=early):
                raise _Stopped("the step was lost")
            if early:
                self.dispatcher.top_up()

        return self.rounds.first(record, told)

    def _planned(self, step: Step, plan: DatasetPlan) -> Next:
        latest = plan.rounds[-1]
        about = _about(step) | {"round": latest.round}
        log.info("planned: %s items in %s shards", latest.items, latest.shards, extra=about)
        return self.ledger.planned(
            step,
            plan.shards_total,
            plan.items,
            again=latest.again,
            depth_range=plan.depth_range,
            left_out=plan.left_out,
        )

    def _check(self, held: Held) -> None:
        if held.lost or self.stopping():
            raise _Stopped("the step was lost or the worker is stopping")

    def _again_or_refuse(self, step: Step, record: DatasetRecord, crashes: int) -> None:
        if crashes + 1 >= MAX_CRASHES:
            reason = InternalError("planning failed too often for a reason of ours")
            self.refuse(step, record, reason)
        else:
            self.ledger.release(step, counted=True)


def _about(step: Step) -> dict[str, object]:
    return {"action": "plan", "dataset_id": step.dataset_id}
