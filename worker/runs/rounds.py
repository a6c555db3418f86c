"""Writes the shards of a round: the whole source first, later only what has failed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from contract.datasets import DatasetPlan, DatasetRecord, DatasetRequest, PlannedRound
from contract.errors import InvalidRequest
from contract.items import Item
from contract.names.object_keys import shard_object
from storage.datasets.files import DatasetObjects
from worker.datasets.room import Rooms
from worker.datasets.sources.left_out import LeftOut
from worker.datasets.sources.sources import Sources, resumable
from worker.runs.sizes import cut, shard_size

DepthRange = Callable[[DatasetRecord, int], tuple[float, float]]
Told = Callable[[int, int], None]  # shards and items so far; raises to stop


@dataclass(frozen=True)
class Rounds:
    """One instance per process, many threads. Every method may be run again after a crash."""

    files: DatasetObjects
    sources: Callable[[], Sources]
    rate: Callable[[str], float]  # model → items per second of one worker
    rooms: Rooms
    depth_range: DepthRange  # from a sample of the shards written, for normalize: dataset

    def first(self, record: DatasetRecord, told: Told) -> DatasetPlan:
        """Write the source's items as shards, continuing after the last one; return the plan.

        Raises InvalidRequest on a source that is refused, Overloaded where a disk is too full.
        """
        plan = self.files.plan(record.id)
        if plan.rounds:
            return plan
        request = record.request
        first = self._written(request) if resumable(request) else (0, 0, "")
        left_out = LeftOut()
        items = self.sources().items(request, first[2], left_out)
        shards, count = self._write(record, items, first[0], first[1], told)
        if not count:
            raise InvalidRequest(nothing_fits(left_out))
        planned = PlannedRound(round=0, first=0, shards=shards, items=count)
        # a resumed listing saw a part only: no count is better than a wrong one
        plan = DatasetPlan(rounds=(planned,), left_out={} if first[2] else left_out.counts)
        if request.spec.normalize == "dataset":
            plan = plan.model_copy(update={"depth_range": self.depth_range(record, shards)})
        self.files.write_plan(record.id, plan)
        return plan

    def retry(self, record: DatasetRecord, told: Told) -> DatasetPlan:
        """Write the failed items as shards after the last ones; return the plan."""
        plan = self.files.plan(record.id)
        if plan.rounds[-1].round == record.round:
            return plan
        first, again = plan.shards_total, Counter[str]()
        failed = self._failed(record, first, again)
        after, items = self._write(record, failed, first, 0, told)
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
        self, record: DatasetRecord, items: Iterator[Item], shard: int, count: int, told: Told
    ) -> tuple[int, int]:
        """Write shards from number `shard` on; return the number after the last, and all items."""
        spec = record.request.spec
        rate, wanted, began = self.rate(spec.options.model), spec.shard_size, shard
        ramp = 0 if record.round == 0 else began  # a retry starts with small shards again
        room = self.rooms(record.request)
        told(shard, count)
        while batch := cut(items, shard_size(shard - ramp, rate, wanted)):
            size = self.files.write_shard(record.id, shard, batch)
            room(size)
            shard, count = shard + 1, count + len(batch)
            told(shard, count)
        self._remove_from(record.id, shard)
        return shard, count

    def _written(self, request: DatasetRequest) -> tuple[int, int, str]:
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

    def _failed(self, record: DatasetRecord, before: int, again: Counter[str]) -> Iterator[Item]:
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


def nothing_fits(left_out: LeftOut) -> str:
    """Return why a source without items is refused."""
    reason = "the dataset has no items: nothing in the source fits"
    return f"{reason} (left out: {left_out})" if left_out.counts else reason
