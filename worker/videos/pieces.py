"""Which frames of a video are taken, and how they are cut into segments that overlap.

Segments follow from the video and its options alone, not from workers, so that any number of them
gives the same result.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction
from itertools import pairwise

from contract.videos import Piece, VideoSpec
from worker.videos.stable.steady import AHEAD, BEFORE

SEGMENT_FRAMES = 96  # 7 more are computed at its ends
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


def pieces(names: list[int], times: list[float], length: int = SEGMENT_FRAMES) -> Iterator[Piece]:
    """Yield segments of `length` frames; `names`: by what a decoder finds them."""
    for first in range(0, len(names), length):
        end = min(first + length, len(names))
        yield Piece(
            first=first,
            own=tuple(names[first:end]),
            before=tuple(names[max(0, first - BEFORE) : first]),
            after=tuple(names[end : end + AHEAD]),
            seconds=tuple(times[first:end]),
        )


def frame_ids(piece: Piece) -> Iterable[str]:
    """Return the ids of the piece's frames: their numbers among those taken."""
    return (f"{piece.first + i:06d}" for i in range(len(piece.own)))
