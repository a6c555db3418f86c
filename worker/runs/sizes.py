"""Sizes of shards: about 30 s of work, fewer items at first, so that work starts at once.

At most a few megabytes of items, because a shard is in memory while it is planned and run.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from contract.items import Item

TARGET_S = 30.0
AT_ONCE = 2  # shards share a worker, so each has half its rate
DEFAULT_RATE = 20.0  # images per second of a worker that has not been measured
SMALLEST, LARGEST = 16, 1_000
SHARD_BYTES = 4 * 1024 * 1024  # as JSON, which takes up to 25 times that as Python's objects
_ITEM_BYTES = 300  # of one without fields of its own
_RAMP = 8  # shards until the size doubles


def shard_size(shard: int, rate: float, wanted: int | None = None) -> int:
    """Return the size of shard number `shard`; `rate`: measured items per second of one worker.

    The first shards are small: a small dataset is shared by all workers, a large one starts early.
    """
    if wanted is not None:
        return wanted
    target = int(min(LARGEST, max(SMALLEST, TARGET_S * (rate or DEFAULT_RATE) / AT_ONCE)))
    return min(target, SMALLEST << min(shard // _RAMP, 16))


def cut(items: Iterator[Item], count: int) -> list[Item]:
    """Take the next items for a shard: `count`, or fewer if they are large."""
    batch, size = list[Item](), 0
    for item in islice(items, count):
        batch.append(item)
        size += len(item.model_dump_json()) if item.extra else _ITEM_BYTES
        if size >= SHARD_BYTES:
            break
    return batch
