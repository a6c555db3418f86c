"""Reads all results once more and writes what people take away: errors, index, summary."""

from __future__ import annotations

import logging
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from contract.datasets import (
    Counts,
    DatasetPlan,
    DatasetRecord,
    DatasetSummary,
    ItemResult,
)
from contract.errors import NotFound, StorageUnavailable
from contract.names import (
    DATASET_ERRORS,
    DATASET_INDEX,
    STEP_FINALIZE,
    dataset_object,
    shard_failures_object,
)
from contract.states import DatasetState
from storage.dataset_objects import LINES, DatasetObjects, result_lines
from storage.datasets import DatasetStore, Step, new_step
from worker.datasets.dispatcher import Dispatcher
from worker.datasets.index import IndexWriter, open_index
from worker.datasets.leases import Held, StepLeases
from worker.patience import Patience

log = logging.getLogger(__name__)

_IN_MEMORY_BYTES = 8 * 1024 * 1024


@dataclass
class _Tally:
    """What the summary says, gathered result by result."""

    states: Counter[str] = field(default_factory=Counter)
    codes: Counter[str] = field(default_factory=Counter)
    workers: set[str] = field(default_factory=set)
    input_bytes: int = 0
    output_bytes: int = 0
    shards: int = 0

    def add(self, result: ItemResult) -> None:
        self.states[result.state] += 1
        if result.error is not None:
            self.codes[result.error.code] += 1
        self.workers.add(result.worker)
        self.input_bytes += result.input_bytes
        self.output_bytes += sum(file.bytes for file in result.outputs.values())

    def counts(self, total: int) -> Counts:
        return Counts(
            total=total,
            succeeded=self.states["succeeded"],
            skipped=self.states["skipped"],
            failed=self.states["failed"],
            by_code=dict(sorted(self.codes.items())),
        )


@dataclass(frozen=True)
class Finalizer:
    """One instance per process, many threads."""

    ledger: DatasetStore
    files: DatasetObjects
    leases: StepLeases
    patience: Patience
    dispatcher: Dispatcher
    worker: str

    def run(self, dataset_id: str) -> None:
        """Finalize the dataset if its shards have ended and nobody else does."""
        step = new_step(dataset_id, STEP_FINALIZE)
        try:
            claim = self.patience(lambda: self.ledger.claim(step, self.worker, self.leases.lease_s))
            if claim.outcome == "taken" and claim.record is not None:
                self._run_claimed(step, claim.record)
        except StorageUnavailable as exc:
            log.warning("gave up waiting: %s", exc, extra=_about(step))

    def _run_claimed(self, step: Step, record: DatasetRecord) -> None:
        with self.leases.hold(step) as held:
            try:
                summary = self._write_all(record, held)
            except Exception:
                # not counted: a dataset that has run must not fail here; it is tried for ever
                log.exception("finalizing failed", extra=_about(step))
                self.patience(lambda: self.ledger.release(step, counted=False))
                return
            if summary is None:
                return
            counts = summary.counts
            self.patience(lambda: self.ledger.finalized(step, counts))
        log.info("%s: %s", summary.state, counts, extra=_about(step))
        self.dispatcher.top_up()

    def _write_all(self, record: DatasetRecord, held: Held) -> DatasetSummary | None:
        """Return the summary, written; None: the step was lost on the way."""
        plan = self.files.plan(record.id)
        tally, latest = _Tally(), self._latest_rounds(record.id, plan)
        with (
            tempfile.SpooledTemporaryFile(_IN_MEMORY_BYTES) as errors,
            open_index() as index,
        ):
            for shard, results in self._current(record.id, plan, latest):
                if held.lost:
                    return None
                failures = [result for result in results if result.state == "failed"]
                errors.write(result_lines(failures))
                self._correct_failures(record.id, shard, failures)
                self._tally(tally, index, shard, results)
            files = self._store(record.id, errors, index)
        summary = self._summary(record, plan, tally, files)
        self.patience(lambda: self.files.write_summary(summary))
        return summary

    def _tally(
        self, tally: _Tally, index: IndexWriter, shard: int, results: list[ItemResult]
    ) -> None:
        tally.shards += 1
        for result in results:
            tally.add(result)
        index.write(shard, results)

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
            return self.patience(lambda: self.files.results(dataset_id, shard))
        except NotFound:
            return []

    def _correct_failures(self, dataset_id: str, shard: int, failures: list[ItemResult]) -> None:
        """Leave in `failures/` what has failed in the end: retries may have mended some."""
        if self.files.failures(dataset_id, shard) == failures:
            return
        if failures:
            self.patience(lambda: self.files.write_failures(dataset_id, shard, failures))
        else:
            key = shard_failures_object(dataset_id, shard)
            self.patience(lambda: self.files.store.delete([key]))

    def _store(
        self, dataset_id: str, errors: tempfile.SpooledTemporaryFile[bytes], index: IndexWriter
    ) -> dict[str, str]:
        files = {"errors": dataset_object(dataset_id, DATASET_ERRORS)}
        self.patience(
            lambda: self.files.store.put(files["errors"], errors, media_type=LINES)  # type: ignore[arg-type]
        )
        made = index.finish()
        if made is not None:
            key = files["index"] = dataset_object(dataset_id, DATASET_INDEX)
            media_type = "application/vnd.apache.parquet"
            self.patience(lambda: self.files.store.put(key, made, media_type=media_type))
        return files

    def _summary(
        self, record: DatasetRecord, plan: DatasetPlan, tally: _Tally, files: dict[str, str]
    ) -> DatasetSummary:
        finished_at = record.finished_at or time.time()
        started_at = record.started_at or record.request.created_at
        wall_s = max(0.001, finished_at - started_at)
        canceled = record.state is DatasetState.CANCELED
        total = plan.items or record.counts.total
        counts = tally.counts(total)
        return DatasetSummary(
            id=record.id,
            state=DatasetState.CANCELED if canceled else DatasetState.COMPLETED,
            round=record.round,
            counts=counts,
            shards_total=plan.shards_total or record.shards_total,
            shards_done=tally.shards,
            input_bytes=tally.input_bytes,
            output_bytes=tally.output_bytes,
            created_at=record.request.created_at,
            started_at=record.started_at,
            finished_at=finished_at,
            wall_s=round(wall_s, 3),
            cpu_s=record.cpu_s,
            images_per_s=round(counts.done / wall_s, 3),
            workers=tuple(sorted(tally.workers)),
            files=files,
        )


def _round_of(plan: DatasetPlan, shard: int) -> int:
    for planned in plan.rounds:
        if planned.first <= shard < planned.first + planned.shards:
            return planned.round
    return 0


def _about(step: Step) -> dict[str, str]:
    return {"action": "finalize", "dataset_id": step.dataset_id}
