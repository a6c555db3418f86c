"""Writes the shards of a round: the whole source first, later only what has failed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from contract.errors import InvalidRequest
from contract.items import Item
from contract.names.object_keys import shard_object
from contract.runs import PlannedRound, RunPlan, RunRecord, RunRequest
from storage.runs.files import RunObjects
from worker.runs.disk_shares import DiskShares
from worker.runs.kind import Kind, Source

OnProgress = Callable[[int, int], None]  # shards and items so far; raises to stop


@dataclass(frozen=True)
class Rounds:
    """One instance per process, many threads. Every method may be run again after a crash."""

    files: RunObjects
    rate: Callable[[str], float]  # model → items per second of one worker
    disk_shares: DiskShares

    def first(
        self, kind: Kind, source: Source, record: RunRecord, on_progress: OnProgress
    ) -> RunPlan:
        """Write the source's items as shards, continuing after the last one; return the plan.

        Raises InvalidRequest on a source that is refused, Overloaded where a disk is too full.
        """
        plan = self.files.plan(record.id)
        if plan.rounds:
            return plan
        first = self._written(record.request) if source.resumable else (0, 0, "")
        items = source.items(first[2])
        shards, count = self._write(kind, record, items, first[0], first[1], on_progress)
        if not count:
            raise InvalidRequest(nothing_fits(source.left_out))
        planned = PlannedRound(round=0, first=0, shards=shards, items=count)
        # a resumed listing saw a part only: no count is better than a wrong one
        left_out = {} if first[2] else dict(source.left_out)
        depth_range = kind.measure(record, shards)
        plan = RunPlan(rounds=(planned,), left_out=left_out, depth_range=depth_range)
        self.files.write_plan(record.id, plan)
        return plan

    def retry(self, kind: Kind, record: RunRecord, on_progress: OnProgress) -> RunPlan:
        """Write the failed items as shards after the last ones; return the plan."""
        plan = self.files.plan(record.id)
        if plan.rounds[-1].round == record.round:
            return plan
        first, again = plan.shards_total, Counter[str]()
        failed = self._failed(record, first, again)
        after, items = self._write(kind, record, failed, first, 0, on_progress)
        planned = PlannedRound(
            round=record.round,
            first=first,
            shards=after - first,
            items=items,
            codes=record.retry_codes,
            again=dict(sorted(again.items())),
        )
        plan = plan.model_copy(update={"rounds": (*plan.rounds, planned)})
        self.files.write_plan(record.id, plan)
        return plan

    def _write(
        self,
        kind: Kind,
        record: RunRecord,
        items: Iterator[Item],
        shard: int,
        count: int,
        on_progress: OnProgress,
    ) -> tuple[int, int]:
        """Write shards from number `shard` on; return the number after the last, and all items."""
        number = 0 if record.round else shard  # a retry starts with small shards again
        take = self.disk_shares(record.request)
        on_progress(shard, count)
        rate = self.rate(record.request.spec.options.model)
        for batch in kind.batches(items, record.request, number, rate):
            size = self.files.write_shard(record.id, shard, batch)
            take(size)
            shard, count = shard + 1, count + len(batch)
            on_progress(shard, count)
        self._remove_from(record.id, shard)
        return shard, count

    def _written(self, request: RunRequest) -> tuple[int, int, str]:
        """Return what an interrupted planner wrote: shards, their items, and the last one's uri."""
        shards, items, after = 0, 0, ""
        for number in self.files.shard_numbers(request.id):
            if number != shards:  # a gap: continue from there
                break
            batch = self.files.shard(request.id, number)
            shards, items, after = number + 1, items + len(batch), batch[-1].uri
        return shards, items, after

    def _remove_from(self, dataset_id: str, shard: int) -> None:
        """Remove shards that an earlier attempt numbered beyond the last one."""
        numbers = self.files.shard_numbers(dataset_id, shard)
        stale = [shard_object(dataset_id, number) for number in numbers]
        if stale:
            self.files.store.delete(stale)

    def _failed(self, record: RunRecord, before: int, again: Counter[str]) -> Iterator[Item]:
        """Yield the items that failed in shards below `before`, counting their codes."""
        for number in self.files.failure_numbers(record.id):
            if number >= before:
                return
            codes = {
                result.id: result.error.code if result.error is not None else "internal"
                for result in self.files.failures(record.id, number)
            }
            for item in self.files.shard(record.id, number):
                code = codes.get(item.id)
                if code is not None and (not record.retry_codes or code in record.retry_codes):
                    again[code] += 1
                    yield item


def nothing_fits(left_out: Mapping[str, int]) -> str:
    """Return why a source without items is refused."""
    reason = "the dataset has no items: nothing in the source fits"
    passed = ", ".join(f"{count} {kind}" for kind, count in left_out.items())
    return f"{reason} (left out: {passed})" if passed else reason
