"""What stands out in a depth map, where, and how near: geometry of the picture's plane only.

Nothing here knows what things are, and no number here is a length: distances are ratios (see
geometry.distance).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from worker.outputs.encoding.geometry import distance
from worker.outputs.encoding.ground import Ground, find_ground
from worker.outputs.encoding.outlines import find_things

Floats = NDArray[np.float32]
Mask = NDArray[np.bool_]

_SIDE = 96  # px, of the grid that regions are looked for on
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
    found = find_things(grid, floor)
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
