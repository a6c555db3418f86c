"""Reads all results again and finishes a run: its errors, the kind's own files, its summary."""

from __future__ import annotations

import logging
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, cast

from contract.errors import NotFound
from contract.items import ItemResult
from contract.names.object_keys import RUN_ERRORS, run_object, shard_failures_object
from contract.names.queues import STEP_FINALIZE
from contract.runs import RunPlan, RunSummary
from storage.runs.files import LINES, RunObjects
from storage.runs.lines import result_lines
from storage.runs.store import Next
from worker.attempts.patient import PatientLedger, PatientWebhooks
from worker.runs.kind import CannotFinish, Kind
from worker.runs.refusal import Refusal
from worker.runs.step_runner import Claimed, StepRunner
from worker.runs.tally import Tally

log = logging.getLogger(__name__)

_IN_MEMORY_BYTES = 8 * 1024 * 1024


@dataclass(frozen=True)
class Finalizer:
    """One instance per process, many threads."""

    steps: StepRunner
    ledger: PatientLedger
    files: RunObjects
    webhooks: PatientWebhooks
    refuse: Refusal

    def run(self, kind: Kind, run_id: str) -> None:
        """Finish the run if its shards have ended and no other worker does so."""
        # a failure counts no crash: finalizing is retried without end
        self.steps.run(
            run_id, STEP_FINALIZE, lambda claimed: self._work(kind, claimed), self.steps.give_back
        )

    def _work(self, kind: Kind, claimed: Claimed) -> Next | None:
        record = claimed.record
        try:
            summary = self._write_all(kind, claimed)
        except CannotFinish as exc:
            self.refuse(claimed.step, record, exc.error)
            return None
        if summary is None:
            return None
        # Before the state: a crash in between loses no webhook.
        if record.request.spec.webhook_url:
            self.webhooks.schedule(record.id, time.time())
        self.ledger.finalized(claimed.step, summary.counts)
        log.info("%s: %s", summary.state, summary.counts, extra=claimed.about)
        return "more"

    def _write_all(self, kind: Kind, claimed: Claimed) -> RunSummary | None:
        """Write everything and return the summary; None: the step was lost meanwhile."""
        record = claimed.record
        plan = self.files.plan(record.id)
        tally, latest = Tally(), self._latest_rounds(record.id, plan)
        listed = set(self.files.failure_numbers(record.id))
        with (
            tempfile.SpooledTemporaryFile(_IN_MEMORY_BYTES) as errors,
            kind.open_summary(record, plan) as own,
        ):
            for shard, results in self._current(record.id, plan, latest):
                if claimed.signals.held.lost:
                    return None
                failures = [result for result in results if result.state == "failed"]
                errors.write(result_lines(failures))
                if failures or shard in listed:
                    self._correct_failures(record.id, shard, failures)
                tally.add(results)
                own.add(shard, results)
            files = {"errors": run_object(record.id, RUN_ERRORS)}
            self.files.store.put(files["errors"], cast("BinaryIO", errors), media_type=LINES)
            files |= own.finish(claimed.signals)
        summary = tally.summary(record, plan, files)
        if record.request.spec.webhook_url:  # before the end, so that the webhook is certain
            self.files.mark_call_due(record.id)
        self.files.write_summary(summary)
        return summary

    def _latest_rounds(self, run_id: str, plan: RunPlan) -> dict[str, int]:
        """Return the last round in which each retried item has ended; others are not in it."""
        latest: dict[str, int] = {}
        for planned in plan.rounds[1:]:
            for shard in range(planned.first, planned.first + planned.shards):
                for result in self._results(run_id, shard):
                    latest[result.id] = planned.round
        return latest

    def _current(
        self, run_id: str, plan: RunPlan, latest: dict[str, int]
    ) -> Iterator[tuple[int, list[ItemResult]]]:
        """Yield the shards that have results, each with those that no later round replaced."""
        for shard in self.files.result_numbers(run_id):
            round_ = _round_of(plan, shard)
            results = self._results(run_id, shard)
            yield shard, [r for r in results if latest.get(r.id, 0) == round_]

    def _results(self, run_id: str, shard: int) -> list[ItemResult]:
        try:
            return self.files.results(run_id, shard)
        except NotFound:
            return []

    def _correct_failures(self, run_id: str, shard: int, failures: list[ItemResult]) -> None:
        """Keep in `failures/` only final failures: a retry may have succeeded."""
        if self.files.failures(run_id, shard) == failures:
            return
        if failures:
            self.files.write_failures(run_id, shard, failures)
        else:
            self.files.store.delete([shard_failures_object(run_id, shard)])


def _round_of(plan: RunPlan, shard: int) -> int:
    for planned in plan.rounds:
        if planned.first <= shard < planned.first + planned.shards:
            return planned.round
    return 0
