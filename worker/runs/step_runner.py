"""Runs a step of a run under its lease: claim, hold, work, and give back what did not end."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass

from contract.errors import StorageUnavailable
from contract.runs import RunRecord
from storage.runs.store import Next, Step, new_step
from worker.attempts.patient import PatientLedger
from worker.attempts.step_leases import StepLeases
from worker.runs.dispatcher import Dispatcher
from worker.runs.kind import Interrupted, Signals
from worker.shortage import shortages_wait

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Claimed:
    """A step that this thread holds.

    `crashes`: how often its holder died; `died_at`: the items it was processing then, where known.
    """

    step: Step
    record: RunRecord
    signals: Signals
    about: dict[str, object]  # for log lines
    crashes: int = 0
    died_at: tuple[int, ...] = ()


@dataclass(frozen=True)
class StepRunner:
    """One instance per process, many threads."""

    ledger: PatientLedger
    leases: StepLeases
    dispatcher: Dispatcher
    worker: str
    stopping: Callable[[], bool] = lambda: False

    def run(
        self,
        run_id: str,
        name: str,
        work: Callable[[Claimed], Next | None],
        failed: Callable[[Claimed], object] | None = None,
    ) -> None:
        """Do `work` if the step can be claimed, then send what follows.

        None: nothing follows; the work has ended the step itself, or lost it. After Interrupted,
        StorageUnavailable or a shortage of this machine the step is released, uncounted; after any
        other error `failed` is called, by default to release it and count a crash.
        """
        step, action = new_step(run_id, name), name if name.isalpha() else "shard"
        about: dict[str, object] = {"action": action, "dataset_id": run_id}
        if action == "shard":
            about["shard"] = name
        try:
            claim = self.ledger.claim(step, self.worker, self.leases.lease_s)
            if claim.outcome != "taken" or claim.record is None:
                return
            with self.leases.hold(step) as held:
                signals = Signals(held, self.stopping)
                claimed = Claimed(step, claim.record, signals, about, claim.crashes, claim.died_at)
                following = self._worked(claimed, work, failed or self.count_crash)
            if following is not None:
                self.dispatcher.after(run_id, following)
        except StorageUnavailable as exc:
            # the lease expires and the reconciler sends the step again
            log.warning("gave up waiting: %s", exc, extra=about)

    def _worked(
        self,
        claimed: Claimed,
        work: Callable[[Claimed], Next | None],
        failed: Callable[[Claimed], object],
    ) -> Next | None:
        try:
            with shortages_wait():
                return work(claimed)
        except (Interrupted, StorageUnavailable) as exc:
            log.warning("given back: %s", exc, extra=claimed.about)
            self.give_back(claimed)
        except Exception:
            log.exception("%s failed", claimed.about["action"], extra=claimed.about)
            failed(claimed)
        return None

    def give_back(self, claimed: Claimed) -> None:
        """Release the step: it did not fail for a reason of its own."""
        self.ledger.release(claimed.step, counted=False)

    def count_crash(self, claimed: Claimed) -> None:
        """Release the step and count a crash."""
        self.ledger.release(claimed.step, counted=True)
