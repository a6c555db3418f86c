"""What stands out in a depth map, where, and how near: geometry of the picture's plane only.

A thing is a connected region that is nearer than what surrounds it, with a step at its outline. It
is found at the threshold of depth at which that step is largest. Nothing here knows what things
are, and no number here is a length: distances are ratios (see geometry.distance).
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from worker.outputs.encoding.geometry import distance
from worker.outputs.encoding.ground import Ground, find_ground

Floats = NDArray[np.float32]
Mask = NDArray[np.bool_]

_SIDE = 96  # px, of the grid that regions are looked for on
_LEVELS = np.arange(0.95, 0.05, -0.05)
_LEAST_STEP = 0.12  # of the depth's range, at the outline
_SHARES = (0.006, 0.85)  # of the picture, that a thing may fill
_SAME = 0.6  # of the smaller one: two regions that share more are one thing, unless it is a part
_LEAST_PART, _PART_STEP = 0.03, 0.25  # of the picture; of the depth's range
_PART = 0.45  # of the larger one: a part of a thing may be as large, to be named beside it
_RELIEF_COUNTS = 0.8  # what a row shows is a guess at the background
_LEAST_SOLID = 0.35  # of its box: a skirting along two edges is no thing
_FAR, _NEAR = 0.2, 0.45  # nearness
_LEAST_OF_THIRD = 0.3
THIRDS = ("left", "middle", "right")
HEIGHTS = ("upper", "middle", "lower")


@dataclass(frozen=True)
class Thing:
    """A region that stands out. Places are shares of width and height, 0…1 from the upper left."""

    x: float  # its middle
    y: float
    box: tuple[float, float, float, float]  # left, top, right, bottom
    share: float  # of the picture
    nearness: float  # 0 farthest … 1 nearest of the picture
    distance: float  # in units of the picture's nearest distance
    behind: float  # the distance of what surrounds it, divided by its own
    mask: Mask

    @property
    def weight(self) -> float:
        """How much it matters: near and large comes first."""
        return self.nearness * math.sqrt(self.share)


@dataclass(frozen=True)
class Layout:
    """A picture's depth in a few facts. `near` and `far` name thirds of the width."""

    things: tuple[Thing, ...]  # the weightiest first
    ground: Ground | None
    near: tuple[str, ...]  # near surfaces that are neither things nor ground
    far: tuple[str, ...]
    far_on_top: bool  # what is far is in the upper half alone
    nearest_edge: str | None = None  # where all depth falls off evenly from one edge: that one
    flat: bool = False  # no differences of depth at all

    @property
    def nearest(self) -> Thing | None:
        """The nearest thing."""
        return min(self.things, key=lambda thing: thing.distance, default=None)


def layout(depth: Floats, low: float, high: float, ratio: float) -> Layout:
    """Return what `depth` (h, w; `low` far … `high` near) shows.

    `ratio`: how many times as far as the nearest the farthest is taken to be.
    """
    if high - low <= 1e-6 * max(abs(low), abs(high)):
        return Layout((), None, (), (), far_on_top=False, flat=True)
    grid = _small((depth - np.float32(low)) / np.float32(high - low)).clip(0, 1)
    ground = find_ground(grid)
    floor = ground.mask if ground else np.zeros(grid.shape, bool)
    z = distance(grid, ratio, 0, 1)
    found = [mask for mask in _chosen(_candidates(grid, floor), grid) if not _is_side(mask)]
    things = sorted((_thing(mask, grid, z) for mask in found), key=lambda t: -t.weight)
    rest = ~np.logical_or.reduce([floor, *found])
    far = grid < _FAR
    return Layout(
        tuple(things),
        ground,
        _thirds(rest & (grid > _NEAR)),
        _thirds(far),
        far_on_top=bool(far[len(far) // 2 :].sum() < 0.1 * far.sum()),
        nearest_edge=None if things or ground else _nearest_edge(grid),
    )


def _small(depth: Floats) -> Floats:
    height, width = depth.shape
    scale = min(1, _SIDE / max(height, width))
    size = max(8, round(width * scale)), max(8, round(height * scale))
    made: Floats = cv2.resize(depth, size, interpolation=cv2.INTER_AREA)
    return made


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


def _nearest_edge(grid: Floats) -> str | None:
    """Return the edge from which depth falls off evenly, `bottom` say; None if it does not."""
    height, width = grid.shape
    y, x = np.mgrid[0:height, 0:width]
    terms = np.stack([np.ones(grid.size), x.ravel() / width, y.ravel() / height], axis=1)
    fit, squares, *_ = np.linalg.lstsq(terms, grid.ravel(), rcond=None)
    if squares.sum() > 0.25 * grid.var() * grid.size:
        return None
    _, across, down = fit
    if abs(down) >= abs(across):
        return "bottom" if down > 0 else "top"
    return "right" if across > 0 else "left"


def _thing(mask: Mask, grid: Floats, z: Floats) -> Thing:
    height, width = mask.shape
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    y, x = np.nonzero(mask)
    ring = (cv2.dilate(mask.astype(np.uint8), np.ones((3, 3), np.uint8), iterations=4) > 0) & ~mask
    own = float(np.median(z[mask]))
    return Thing(
        x=float((x.mean() + 0.5) / width),
        y=float((y.mean() + 0.5) / height),
        box=(
            columns[0] / width,
            rows[0] / height,
            (columns[-1] + 1) / width,
            (rows[-1] + 1) / height,
        ),
        share=float(mask.mean()),
        nearness=float(np.median(grid[mask])),
        distance=own,
        behind=float(np.median(z[ring])) / own if ring.any() else 1.0,
        mask=mask,
    )


def _thirds(mask: Mask) -> tuple[str, ...]:
    """Return the names of the thirds of the width that `mask` fills enough of."""
    parts = np.array_split(mask, 3, axis=1)
    return tuple(n for n, p in zip(THIRDS, parts, strict=True) if p.mean() >= _LEAST_OF_THIRD)
