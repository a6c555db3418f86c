"""A kind of long work for tests: numbers are items, segments of two are shards, sums are kept."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from itertools import islice
from types import MappingProxyType

from contract.errors import InvalidRequest
from contract.items import Item, ItemResult
from contract.kinds.declaration import KindDeclaration
from contract.names.object_keys import run_object
from worker.runs.kind import CannotFinish, Kind

KIND = KindDeclaration("toy", "tests.integration.datasets.toy_kind:open_kind", {"en": "adds up"})


class Died(BaseException):
    """The worker died here."""


class Numbers:
    """1, 2, … up to the wish `count`."""

    resumable = early = False
    left_out = MappingProxyType({"zero": 1})

    def __init__(self, request):
        self.count = request.wishes.get("count", 0)
        if self.count < 0:
            raise InvalidRequest("count: must not be negative")

    def items(self, start_after=""):
        for number in range(1, self.count + 1):
            yield Item(id=f"{number:032x}", uri=f"number:{number}", extra={"number": number})


class Segment(AbstractContextManager):
    """Adds up, one number after the other: the second result needs the first."""

    def __init__(self, kind, record, shard):
        self.kind, self.record, self.shard, self.sum = kind, record, shard, 0

    def __exit__(self, *error):
        self.kind.closed += 1

    def run(self, items, signals) -> Iterator[ItemResult]:
        for item in items:
            if signals.stop:
                return
            yield self.run_alone(item)

    def run_alone(self, item):
        number = item.extra["number"]
        self.kind.before(number)
        self.sum += number
        extra = {"number": number, "sum": self.sum}
        return ItemResult(id=item.id, uri=item.uri, state="succeeded", extra=extra)

    def poisoned(self, item, deaths):
        error = {"code": "poisoned", "message": f"{deaths} deaths", "retryable": False}
        return ItemResult(id=item.id, uri=item.uri, state="failed", error=error)

    def add(self, result):
        self.kind.added.append(result.uri)

    def finish(self):
        key = run_object(self.record.id, f"segments/{self.shard:06d}")
        self.kind.store.put(key, b"%d" % self.sum, media_type="text/plain")


class Total(AbstractContextManager):
    """Adds up the segments."""

    def __init__(self, kind, record):
        self.kind, self.record, self.sum, self.rows = kind, record, 0, []

    def __exit__(self, *error):
        self.kind.closed += 1

    def add(self, shard, results):
        key = run_object(self.record.id, f"segments/{shard:06d}")
        self.sum += int(self.kind.store.get(key))
        self.rows += [result.extra.get("sum") for result in results]

    def finish(self, signals):
        self.kind.finishing(signals)
        if self.record.request.wishes.get("odd") and self.sum % 2:
            raise CannotFinish(InvalidRequest("the sum is odd"))
        key = run_object(self.record.id, "total.txt")
        self.kind.store.put(key, b"%d %r" % (self.sum, self.rows), media_type="text/plain")
        return {"total": key}


class Toy(Kind):
    """What it does at `before` and `finishing`, tests say."""

    name = "toy"

    def __init__(self, tools):
        self.store = tools.files.store
        self.added, self.closed = [], 0
        self.before = lambda number: None
        self.finishing = lambda signals: None

    def source(self, request):
        return Numbers(request)

    def batches(self, items, request, number, rate):
        while batch := list(islice(items, 2)):
            yield batch

    def open_shard(self, record, shard):
        return Segment(self, record, shard)

    def open_summary(self, record, plan):
        return Total(self, record)


def open_kind(tools):
    return Toy(tools)
