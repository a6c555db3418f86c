"""Finds what stands out in a depth map.

A thing is a connected region that is nearer than what surrounds it, with a step at its outline. It
is taken at the threshold of depth at which that step is largest.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Mask = NDArray[np.bool_]

_LEVELS = np.arange(0.95, 0.05, -0.05)
_LEAST_STEP = 0.12  # of the depth's range, at the outline
_SHARES = (0.006, 0.85)  # of the picture, that a thing may fill
_SAME = 0.6  # of the smaller one: two regions that share more are one thing, unless it is a part
_LEAST_PART, _PART_STEP = 0.03, 0.25  # of the picture; of the depth's range
_PART = 0.45  # of the larger one: a part of a thing may be as large, to be named beside it
_RELIEF_COUNTS = 0.8  # what a row shows is a guess at the background
_LEAST_SOLID = 0.35  # of its box: a skirting along two edges is no thing


def find_things(grid: Floats, floor: Mask) -> list[Mask]:
    """Return the regions of `grid` (h, w), 0 far … 1 near, that stand out and are no `floor`."""
    return [mask for mask in _chosen(_candidates(grid, floor), grid) if not _is_side(mask)]


def _candidates(grid: Floats, floor: Mask) -> Iterator[tuple[float, Mask]]:
    """Yield regions with a step at their outline, and the step's worth.

    They are nearer than a level, or than a level above what most of their rows show: that parts a
    tower from the near foreground that it stands behind.
    """
    relief = grid - np.percentile(grid, 30, axis=1, keepdims=True)
    sources = ((grid, 1.0), (relief, _RELIEF_COUNTS))
    for (depth, counts), level in itertools.product(sources, _LEVELS):
        above = ((depth > level) & ~floor).astype(np.uint8)
        above = cv2.morphologyEx(above, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
        count, labels, stats, _ = cv2.connectedComponentsWithStats(above, connectivity=4)
        for label in range(1, count):
            if _may_be_thing(stats[label], grid.shape):
                mask = labels == label
                step = outline_step(grid, mask)
                if step >= _LEAST_STEP:
                    yield counts * step * float(mask.mean()) ** 0.25, mask


def _may_be_thing(stats: NDArray[np.int32], shape: tuple[int, ...]) -> bool:
    """Tell whether size and shape allow a thing: neither a speck, a frame, nor the foreground."""
    left, top, width, height, area = (int(number) for number in stats)
    grounded = top + height == shape[0]
    low = height < 0.3 * shape[0] and width > 1.5 * height
    foreground = grounded and (low or (left == 0 and width == shape[1]))
    share = area / (shape[0] * shape[1])
    solid = area >= _LEAST_SOLID * width * height
    return _SHARES[0] <= share <= _SHARES[1] and solid and not foreground


def outline_step(grid: Floats, mask: Mask) -> float:
    """Return how much nearer `mask` is inside its outline than outside; 0 without an outline."""
    region, kernel = mask.astype(np.uint8), np.ones((3, 3), np.uint8)
    outside = (cv2.dilate(region, kernel, iterations=3) > 0) & ~mask
    # the picture's border is no outline: erosion leaves it alone
    inside = mask & (cv2.erode(region, kernel, iterations=2, borderValue=1) == 0)
    if outside.sum() < 4:
        return 0.0
    return float(np.median(grid[inside]) - np.median(grid[outside]))


def _chosen(candidates: Iterator[tuple[float, Mask]], grid: Floats) -> list[Mask]:
    """Return the best regions, each thing once."""
    kept: list[Mask] = []
    for _, mask in sorted(candidates, key=lambda pair: -pair[0]):
        if all(_distinct(mask, other, grid) for other in kept):
            kept.append(mask)
    return kept


def _distinct(one: Mask, other: Mask, grid: Floats) -> bool:
    """Tell whether two regions are two things: apart, or a part that is nearer than its whole."""
    small, large = sorted((one, other), key=lambda mask: int(mask.sum()))
    size = int(small.sum())
    shared = int((small & large).sum()) / size
    if shared < 1 - _SAME:
        return True
    if shared < 0.9 or not _LEAST_PART * grid.size < size < _PART * large.sum():
        return False
    return outline_step(grid, small) > _PART_STEP


def _is_side(mask: Mask) -> bool:
    """Tell whether `mask` is a wall beside the view: from top to bottom along one side alone."""
    columns = np.flatnonzero(mask.any(0))
    left, right = columns[0] == 0, columns[-1] == mask.shape[1] - 1
    narrow = columns[-1] - columns[0] < 0.4 * mask.shape[1]
    return bool(mask[0].any() and mask[-1].any() and left != right and narrow)
