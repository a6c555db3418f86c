"""Which frames of a video are taken, and how they are cut into segments that overlap.

Segments follow from the video and its options alone, not from workers, so that any number of them
gives the same result.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import pairwise

from contract.items import Item
from contract.videos import Piece, VideoSpec
from worker.videos.stable.steady import AHEAD, BEFORE

SEGMENT_FRAMES = 240  # 7 more are computed at its ends, and a process started
_NUDGE = 1e-6  # frames at exactly k/fps seconds begin a new step, whatever rounding does


def seconds(names: list[int], exact: bool, base: Fraction, fps: float) -> list[float]:
    """Return the time of each frame: from its time, or, without those, from its number."""
    if not exact:
        return [number / fps for number in names]
    start = names[0] if names else 0
    return [float((name - start) * base) for name in names]


def chosen(times: list[float], spec: VideoSpec) -> list[int]:
    """Return the indices of the frames that `spec` takes, of frames at `times` (seconds)."""
    end = spec.end_s if spec.end_s is not None else float("inf")
    inside = [i for i, at in enumerate(times) if spec.start_s <= at < end]
    if spec.fps is None or not inside:
        return inside
    steps = [int((times[i] - times[inside[0]]) * spec.fps + _NUDGE) for i in inside]
    first = [inside[0]]
    return first + [i for (a, b), i in zip(pairwise(steps), inside[1:], strict=True) if b > a]


def items(names: Sequence[int], times: Sequence[float]) -> Iterator[Item]:
    """Yield an item per frame: by what a decoder finds it, when it is shown, who is beside it."""
    for number, (name, at) in enumerate(zip(names, times, strict=True)):
        extra = {
            "name": name,
            "at": at,
            "before": list(names[max(0, number - BEFORE) : number]),
            "after": list(names[number + 1 : number + 1 + AHEAD]),
        }
        yield Item(id=f"{number:06d}", uri=f"frame {number}", extra=extra)


def pieces(items: Sequence[Item]) -> Iterator[tuple[Piece, Sequence[Item]]]:
    """Yield the items of a shard as stretches without gaps: a retry has some frames only."""
    begin = 0
    for end in range(1, len(items) + 1):
        if end == len(items) or int(items[end].id) != int(items[end - 1].id) + 1:
            part = items[begin:end]
            yield _piece(part), part
            begin = end


def _piece(part: Sequence[Item]) -> Piece:
    return Piece(
        own=tuple(item.extra["name"] for item in part),
        before=tuple(part[0].extra["before"]),
        after=tuple(part[-1].extra["after"]),
    )
