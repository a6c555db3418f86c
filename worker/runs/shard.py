"""Runs one shard of any kind: results in order, written whole; items one by one after crashes."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from contract.errors import InvalidRequest, NotFound
from contract.items import Item, ItemResult
from contract.runs import Counts
from storage.runs.files import RunObjects
from storage.runs.lines import broken_item
from storage.runs.store import Next
from worker.attempts.isolation import Isolation
from worker.attempts.patient import PatientLedger
from worker.runs.cpu import CpuMeter
from worker.runs.kind import Kind, Shard
from worker.runs.refusal import Refusal
from worker.runs.step_runner import Claimed, StepRunner

log = logging.getLogger(__name__)

CAREFUL_AFTER_CRASHES = 2
POISONED_AFTER_DEATHS = 2  # crashes of the worker at this item, run alone
GONE_AFTER_CRASHES = 3  # tries to read a shard's items
GIVE_UP_AFTER_CRASHES = 50  # each may decide one item of the shard


@dataclass(frozen=True)
class ShardRunner:
    """One instance per process, many threads."""

    steps: StepRunner
    ledger: PatientLedger
    files: RunObjects
    isolation: Isolation
    cpu: CpuMeter
    refuse: Refusal

    def run(self, kind: Kind, run_id: str, shard: int) -> None:
        """Run the shard if it can be claimed: count it, or release it."""
        self.steps.run(run_id, str(shard), lambda claimed: self._work(kind, shard, claimed))

    def _work(self, kind: Kind, shard: int, claimed: Claimed) -> Next | None:
        log.info("shard taken", extra=claimed.about | {"crashes": claimed.crashes})
        careful = claimed.crashes >= CAREFUL_AFTER_CRASHES
        with self.isolation.exclusive() if careful else self.isolation.shared():
            try:
                results = self._results(kind, shard, claimed)
            except InvalidRequest as exc:  # its outputs cannot be written (any more)
                self.refuse(claimed.step, claimed.record, exc)
                return None
            if results is None:
                return None
            counts = count(results)
            log.info("shard done: %s items", counts.total, extra=claimed.about)
            return self.ledger.shard_done(claimed.step, counts, self.cpu.lap())

    def _results(self, kind: Kind, shard: int, claimed: Claimed) -> list[ItemResult] | None:
        """Run the items and write their results; None: the shard was lost."""
        items = self._items(shard, claimed)
        with kind.open_shard(claimed.record, shard) as work:
            careful = claimed.crashes >= CAREFUL_AFTER_CRASHES
            signals = claimed.signals
            ended = self._alone(work, items, claimed) if careful else work.run(items, signals)
            results = []
            for result in ended:
                signals.held.items += 1
                work.add(result)
                results.append(result)
            if not self._may_write(claimed, complete=len(results) == len(items)):
                return None
            work.finish()
            self.files.write_results(claimed.record.id, shard, results)
        return results

    def _items(self, shard: int, claimed: Claimed) -> list[Item]:
        try:
            return self.files.shard(claimed.record.id, shard)
        except NotFound:
            if claimed.crashes < GONE_AFTER_CRASHES:
                raise
            return [broken_item(str(shard), "the list of this shard's items is gone from storage")]

    def _may_write(self, claimed: Claimed, *, complete: bool) -> bool:
        held = claimed.signals.held
        if held.canceled or (complete and not held.lost):
            return True
        if not held.lost:  # this worker is stopping
            self.steps.give_back(claimed)
        log.info("dropped a shard unfinished", extra=claimed.about)
        return False

    def _alone(self, work: Shard, items: Sequence[Item], claimed: Claimed) -> Iterator[ItemResult]:
        """Yield results one by one; each item is recorded before it is processed."""
        deaths = Counter(claimed.died_at)
        log.warning("runs item by item after %s crashes", claimed.crashes, extra=claimed.about)
        hopeless = claimed.crashes >= GIVE_UP_AFTER_CRASHES
        for index, item in enumerate(items):
            if claimed.signals.stop:
                return
            if deaths[index] >= POISONED_AFTER_DEATHS or hopeless:
                yield work.poisoned(item, max(deaths[index], 1))
            else:
                self.ledger.mark(claimed.step, index)
                yield work.run_alone(item)


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
