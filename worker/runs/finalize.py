"""Reads all results again and writes a dataset's final files: errors, index, summary."""

from __future__ import annotations

import logging
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, cast

from contract.datasets import DatasetPlan, DatasetRecord, DatasetSummary
from contract.errors import NotFound, StorageUnavailable
from contract.items import ItemResult
from contract.names.object_keys import (
    DATASET_ERRORS,
    DATASET_INDEX,
    dataset_object,
    shard_failures_object,
)
from contract.names.queues import STEP_FINALIZE
from storage.datasets.files import LINES, DatasetObjects
from storage.datasets.lines import result_lines
from storage.datasets.store import Step, new_step
from worker.attempts.patient import PatientLedger, PatientWebhooks
from worker.attempts.step_leases import Held, StepLeases
from worker.datasets.index import IndexWriter, open_index
from worker.runs.dispatcher import Dispatcher
from worker.runs.tally import Tally

log = logging.getLogger(__name__)

_IN_MEMORY_BYTES = 8 * 1024 * 1024


@dataclass(frozen=True)
class Finalizer:
    """One instance per process, many threads."""

    ledger: PatientLedger
    files: DatasetObjects
    leases: StepLeases
    dispatcher: Dispatcher
    worker: str
    webhooks: PatientWebhooks

    def run(self, dataset_id: str) -> None:
        """Finalize the dataset if its shards have ended and no other worker does so."""
        step = new_step(dataset_id, STEP_FINALIZE)
        try:
            claim = self.ledger.claim(step, self.worker, self.leases.lease_s)
            if claim.outcome == "taken" and claim.record is not None:
                self._run_claimed(step, claim.record)
        except StorageUnavailable as exc:
            log.warning("gave up waiting: %s", exc, extra=_about(step))

    def _run_claimed(self, step: Step, record: DatasetRecord) -> None:
        with self.leases.hold(step) as held:
            try:
                summary = self._write_all(record, held)
            except Exception:
                # not counted as an attempt: finalizing is retried without end
                log.exception("finalizing failed", extra=_about(step))
                self.ledger.release(step, counted=False)
                return
            if summary is None:
                return
            counts = summary.counts
            # Before the state: a crash in between loses no webhook.
            if record.request.spec.webhook_url:
                self.webhooks.schedule(record.id, time.time())
            self.ledger.finalized(step, counts)
        log.info("%s: %s", summary.state, counts, extra=_about(step))
        self.dispatcher.top_up()

    def _write_all(self, record: DatasetRecord, held: Held) -> DatasetSummary | None:
        """Write everything and return the summary; None: the step was lost meanwhile."""
        plan = self.files.plan(record.id)
        tally, latest = Tally(), self._latest_rounds(record.id, plan)
        listed = set(self.files.failure_numbers(record.id))
        with (
            tempfile.SpooledTemporaryFile(_IN_MEMORY_BYTES) as errors,
            open_index() as index,
        ):
            for shard, results in self._current(record.id, plan, latest):
                if held.lost:
                    return None
                failures = [result for result in results if result.state == "failed"]
                errors.write(result_lines(failures))
                if failures or shard in listed:
                    self._correct_failures(record.id, shard, failures)
                tally.add(results)
                index.write(shard, results)
            files = self._store(record.id, errors, index)
        summary = tally.summary(record, plan, files)
        if record.request.spec.webhook_url:  # before the end, so that the webhook is certain
            self.files.owe_call(record.id)
        self.files.write_summary(summary)
        return summary

    def _latest_rounds(self, dataset_id: str, plan: DatasetPlan) -> dict[str, int]:
        """Return the last round in which each retried item has ended; others are not in it."""
        latest: dict[str, int] = {}
        for planned in plan.rounds[1:]:
            for shard in range(planned.first, planned.first + planned.shards):
                for result in self._results(dataset_id, shard):
                    latest[result.id] = planned.round
        return latest

    def _current(
        self, dataset_id: str, plan: DatasetPlan, latest: dict[str, int]
    ) -> Iterator[tuple[int, list[ItemResult]]]:
        """Yield the shards that have results, each with those that no later round replaced."""
        for shard in self.files.result_numbers(dataset_id):
            round_ = _round_of(plan, shard)
            results = self._results(dataset_id, shard)
            yield shard, [r for r in results if latest.get(r.id, 0) == round_]

    def _results(self, dataset_id: str, shard: int) -> list[ItemResult]:
        try:
            return self.files.results(dataset_id, shard)
        except NotFound:
            return []

    def _correct_failures(self, dataset_id: str, shard: int, failures: list[ItemResult]) -> None:
        """Keep in `failures/` only final failures: a retry may have succeeded."""
        if self.files.failures(dataset_id, shard) == failures:
            return
        if failures:
            self.files.write_failures(dataset_id, shard, failures)
        else:
            key = shard_failures_object(dataset_id, shard)
            self.files.store.delete([key])

    def _store(
        self, dataset_id: str, errors: tempfile.SpooledTemporaryFile[bytes], index: IndexWriter
    ) -> dict[str, str]:
        files = {"errors": dataset_object(dataset_id, DATASET_ERRORS)}
        self.files.store.put(files["errors"], cast("BinaryIO", errors), media_type=LINES)
        made = index.finish()
        if made is not None:
            key = files["index"] = dataset_object(dataset_id, DATASET_INDEX)
            media_type = "application/vnd.apache.parquet"
            self.files.store.put(key, made, media_type=media_type)
        return files


def _round_of(plan: DatasetPlan, shard: int) -> int:
    for planned in plan.rounds:
        if planned.first <= shard < planned.first + planned.shards:
            return planned.round
    return 0


def _about(step: Step) -> dict[str, str]:
    return {"action": "finalize", "dataset_id": step.dataset_id}
