"""How many items a shard gets: about 30 s of work, fewer at first, so that work starts at once."""

from __future__ import annotations

TARGET_S = 30.0
AT_ONCE = 2  # shards share a worker, so each has half its rate
DEFAULT_RATE = 20.0  # images per second of a worker that has not been measured
SMALLEST, LARGEST = 16, 1_000
_RAMP = 8  # shards until the size doubles


def shard_size(shard: int, rate: float, wanted: int | None = None) -> int:
    """Return the size of shard number `shard`; `rate`: measured items per second of one worker.

    The first shards are small: a small dataset is shared by all workers, a large one starts early.
    """
    if wanted is not None:
        return wanted
    target = int(min(LARGEST, max(SMALLEST, TARGET_S * (rate or DEFAULT_RATE) / AT_ONCE)))
    return min(target, SMALLEST << min(shard // _RAMP, 16))
