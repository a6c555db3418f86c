"""What every language puts into words: places, sizes and ratios of things, without the words."""

from __future__ import annotations

from collections.abc import Sequence

from worker.outputs.encoding.regions import HEIGHTS, THIRDS, Layout, Thing

SIZES = ("small", "medium", "large", "huge")
_SIZE_ENDS = (0.04, 0.15, 0.4)  # share of the picture
CLOCK = (10, 11, 12, 1, 2)  # five columns of equal width; 12 is the middle
_SPANS = (0.9, 0.75)  # of width and height: then it is in no third of it
_ALIKE = 1.25  # a ratio of distances that is not worth a word
MOST_RATIO = 5.0


def column_of(thing: Thing) -> str:
    """Return `left`, `middle` or `right`; `across` if it spans the width."""
    if thing.box[2] - thing.box[0] > _SPANS[0]:
        return "across"
    return THIRDS[min(2, int(thing.x * 3))]


def row_of(thing: Thing) -> str:
    """Return `upper`, `middle` or `lower`; `full` if it spans the height."""
    if thing.box[3] - thing.box[1] > _SPANS[1]:
        return "full"
    return HEIGHTS[min(2, int(thing.y * 3))]


def size_of(thing: Thing) -> str:
    """Return a name of SIZES."""
    return SIZES[sum(thing.share >= end for end in _SIZE_ENDS)]


def clock_of(thing: Thing) -> int:
    """Return the hour of the column that the thing's middle is in: 10, 11, 12, 1 or 2."""
    return CLOCK[min(4, int(thing.x * 5))]


def ratio_of(far: float, near: float = 1.0) -> float | None:
    """Return far / near in halves, MOST_RATIO for more; None if they are about alike."""
    ratio = far / near
    return None if ratio < _ALIKE else min(MOST_RATIO, round(ratio * 2) / 2)


def sweep(layout: Layout, most: int) -> Sequence[Thing]:
    """Return the `most` weightiest things but the first, from left to right."""
    return sorted(layout.things[1:most], key=lambda thing: (thing.x, thing.y))


def fitting(parts: Sequence[str], last: str, most: int, gap: str) -> str:
    """Return as many of `parts`, in their order, as fit before `last` into `most` characters."""
    for count in range(len(parts), 0, -1):
        text = gap.join([*parts[:count], last])
        if len(text) <= most:
            return text
    return last
