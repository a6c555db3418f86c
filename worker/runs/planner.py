"""Plans a run's present round under a lease: writes its shards, or refuses it."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from contract.errors import InputError, InternalError, InvalidRequest, Overloaded
from contract.names.queues import STEP_PLAN
from contract.runs import RunPlan
from storage.runs.files import RunObjects
from storage.runs.store import Next
from worker.attempts.patient import PatientLedger
from worker.runs.dispatcher import Dispatcher
from worker.runs.kind import Interrupted, Kind
from worker.runs.refusal import Refusal
from worker.runs.rounds import Rounds
from worker.runs.step_runner import Claimed, StepRunner

log = logging.getLogger(__name__)

MAX_CRASHES = 5


@dataclass(frozen=True)
class Planner:
    """One instance per process, many threads."""

    steps: StepRunner
    ledger: PatientLedger
    files: RunObjects
    rounds: Rounds
    dispatcher: Dispatcher
    refuse: Refusal

    def run(self, kind: Kind, run_id: str) -> None:
        """Plan the run's present round if no other worker does so."""
        self.steps.run(
            run_id, STEP_PLAN, lambda claimed: self._work(kind, claimed), self._again_or_refuse
        )

    def _work(self, kind: Kind, claimed: Claimed) -> Next | None:
        try:
            return self._planned(claimed, self._plan(kind, claimed))
        except (InvalidRequest, InputError, Overloaded) as exc:
            self.refuse(claimed.step, claimed.record, exc)
            if not claimed.record.round:
                self.files.drop_planned(claimed.record.id)
            return None

    def _plan(self, kind: Kind, claimed: Claimed) -> RunPlan:
        step, record, signals = claimed.step, claimed.record, claimed.signals
        if record.round:
            return self.rounds.retry(kind, record, lambda _shards, _items: signals.check())
        source = kind.source(record.request)

        def report(shards: int, items: int) -> None:
            signals.check()
            if not shards:
                return
            if not self.ledger.plan_progress(step, shards, items, dispatch=source.early):
                raise Interrupted("the step was lost")
            if source.early:
                self.dispatcher.top_up()

        return self.rounds.first(kind, source, record, report)

    def _planned(self, claimed: Claimed, plan: RunPlan) -> Next:
        latest = plan.rounds[-1]
        about = claimed.about | {"round": latest.round}
        log.info("planned: %s items in %s shards", latest.items, latest.shards, extra=about)
        return self.ledger.planned(
            claimed.step,
            plan.shards_total,
            plan.items,
            again=latest.again,
            depth_range=plan.depth_range,
            left_out=plan.left_out,
        )

    def _again_or_refuse(self, claimed: Claimed) -> None:
        if claimed.crashes + 1 >= MAX_CRASHES:
            reason = InternalError("planning failed too often for a reason of ours")
            self.refuse(claimed.step, claimed.record, reason)
        else:
            self.steps.count_crash(claimed)
