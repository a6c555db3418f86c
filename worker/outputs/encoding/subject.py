"""Which one thing a picture is about, by its depth alone.

Candidates are the connected regions above each of many levels of relative inverse depth, and
of what stands out from the ground: under a pinhole camera a plane's inverse depth is linear in
x and y, so the ground is a plane here too. A candidate counts for how far it steps out of what
surrounds it, how near, how compact and how central it is.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Mask = NDArray[np.bool_]

_LEVELS = 16
_CLEAR_STEP, _CLEAR_PLACE = 0.06, 0.3  # from which it is clear; docs/outputs/subject.md has a table
_LEAST, _MOST = 0.005, 0.7  # share of the picture that a subject covers
_RING_PX = 3  # of the network's pixels: where the step at a contour is measured
_LIFTED = 0.92  # what stands out from the ground only: often cut off where it meets the ground
_SLOPE = 0.05  # of the depth range: what falls less across a contour is a slope, not an edge
_TOLERANCE = 0.12  # of the depth range, around a point that no candidate holds


@dataclass(frozen=True)
class Subject:
    """A mask (h, w) of the network's size, how well it does (0…1), and whether it stands out."""

    mask: Mask
    score: float
    clear: bool

    @property
    def box(self) -> tuple[float, float, float, float]:
        """Left, top, right and bottom as fractions of width and height."""
        height, width = self.mask.shape
        x, y, w, h = cv2.boundingRect(self.mask.astype(np.uint8))
        return x / width, y / height, (x + w) / width, (y + h) / height


def find_subject(depth: Floats, at: tuple[float, float] | None = None) -> Subject:
    """Return the subject of `depth`, float32 (h, w), or the least bad; the one at `at` if given.

    `at` is x and y as fractions. Even depth has none: then the mask is all of the picture.
    """
    scaled = _scaled(depth)
    if scaled is None:
        return Subject(np.ones(depth.shape, np.bool_), 0.0, clear=False)
    pixel = None if at is None else pixel_at(at, *depth.shape)
    lifted = scaled - _ground(scaled)
    found = [_judged(mask, scaled) for mask in _candidates(scaled, pixel)]
    found += [_judged(mask, scaled, _LIFTED) for mask in _candidates(lifted, pixel)]
    best = max(found, key=lambda subject: subject.score, default=_fallback(scaled, pixel))
    return Subject(_filled(_settled(best.mask, scaled)), best.score, best.clear)


def pixel_at(at: tuple[float, float], height: int, width: int) -> tuple[int, int]:
    """Return row and column of the pixel at the fractions `at`: x, y."""
    return min(int(at[1] * height), height - 1), min(int(at[0] * width), width - 1)


def _scaled(depth: Floats) -> Floats | None:
    low, high = np.percentile(depth, (0.5, 99.5))
    if high - low <= 1e-6 * max(abs(high), 1e-6):
        return None
    return np.asarray(np.clip((depth - low) / (high - low), 0, 1), np.float32)


def _candidates(values: Floats, pixel: tuple[int, int] | None) -> Iterator[Mask]:
    """Yield connected regions of a subject's size; with `pixel` only those that hold it."""
    least, most = values.size * _LEAST, values.size * _MOST
    for level in np.linspace(values.min(), values.max(), _LEVELS + 2)[1:-1]:
        above = (values > level).astype(np.uint8)
        above = cv2.morphologyEx(above, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
        count, labels, stats, _ = cv2.connectedComponentsWithStats(above, connectivity=4)
        for label in range(1, count) if pixel is None else [labels[pixel]]:
            if label and least <= stats[label, cv2.CC_STAT_AREA] <= most:
                yield labels == label


def _ground(scaled: Floats) -> Floats:
    """Return the plane, (h, w), that most of the picture's lower half lies on, never below 0.

    Least squares, weighted anew against what stands out; 0 where nothing rises to the camera.
    """
    height, width = scaled.shape
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    basis = np.stack([np.ones(scaled.size), x.ravel() / width, y.ravel() / height], axis=1)
    lower = slice(scaled.size // 2, None)
    known = scaled.ravel()[lower]
    weight = np.where(abs(basis[lower, 1] - 0.5) > 0.4, 1.0, 0.05)  # at the sides: mostly floor
    plane = np.zeros(3)
    for _ in range(8):
        rows = basis[lower] * weight[:, None]
        plane = np.linalg.lstsq(rows.T @ basis[lower], rows.T @ known, rcond=None)[0]
        away = known - basis[lower] @ plane
        weight = 1 / (1 + (away / np.where(away > 0, 0.03, 0.06)) ** 2)  # what is above is no floor
    if plane[2] <= 0:
        return np.zeros_like(scaled)
    return np.asarray(np.maximum(basis @ plane, 0).reshape(scaled.shape), np.float32)


def _judged(mask: Mask, scaled: Floats, trust: float = 1.0) -> Subject:
    """Return the region with its score: how far it steps out, how near, compact and central."""
    step, central = _step(mask, scaled), _centrality(mask)
    near = 0.4 + 0.6 * float(scaled[mask].mean())
    large = min(1.0, float(mask.mean()) / 0.15) ** 0.4
    score = trust * step * central * near * large * _compactness(mask)
    return Subject(mask, score, clear=step >= _CLEAR_STEP and central >= _CLEAR_PLACE)


def _disc(radius: float) -> NDArray[np.uint8]:
    return np.asarray(
        cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * round(radius) + 1,) * 2), np.uint8
    )


def _step(mask: Mask, scaled: Floats) -> float:
    """Return by how much depth falls across the contour, on average beyond a gentle slope.

    What stands on the floor has floor as near as itself in front: such parts count as 0.
    """
    near, wide = (_grown(mask, k * _RING_PX) for k in (1, 2.5))
    mean, known = _mean_beside(scaled, mask & ~_shrunk(mask, _RING_PX))
    outside = wide & ~near & known  # networks draw an edge some pixels wide
    if not outside.any():
        return 0.0
    return float(np.clip(mean[outside] - scaled[outside] - _SLOPE, 0, None).mean())


def _settled(mask: Mask, scaled: Floats) -> Mask:
    """Return `mask` with its contour where depth is midway between inside and outside, locally.

    One level for all of a subject cuts off what of it is a little farther.
    """
    band = _grown(mask, 2 * _RING_PX) & ~_shrunk(mask, 2 * _RING_PX)
    inside, some_in = _mean_beside(scaled, _shrunk(mask, _RING_PX))
    outside, some_out = _mean_beside(scaled, ~_grown(mask, 2 * _RING_PX))
    edge = band & some_in & some_out & (inside - outside > _SLOPE)
    return np.asarray(np.where(edge, scaled > (inside + outside) / 2, mask))


def _mean_beside(values: Floats, region: Mask) -> tuple[Floats, Mask]:
    """Return the mean of `values` over the part of `region` around each pixel, and where any is."""
    reach = (6 * _RING_PX + 1,) * 2
    weight = cv2.blur(region.astype(np.float32), reach)
    total = cv2.blur(np.where(region, values, 0).astype(np.float32), reach)
    return np.asarray(total / np.maximum(weight, 1e-4), np.float32), weight > 1e-3


def _grown(mask: Mask, radius: float) -> Mask:
    return np.asarray(cv2.dilate(mask.astype(np.uint8), _disc(radius)) > 0)


def _shrunk(mask: Mask, radius: float) -> Mask:
    return np.asarray(cv2.erode(mask.astype(np.uint8), _disc(radius), borderValue=1) > 0)


def _compactness(mask: Mask) -> float:
    """Return the share of its convex hull that the region fills."""
    contours: Any = cv2.findContours(
        mask.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE
    )[0]
    hull = cv2.contourArea(cv2.convexHull(np.concatenate(contours)))
    return min(1.0, float(mask.sum()) / max(hull, 1.0))


def _centrality(mask: Mask) -> float:
    """Return 1 for a region in the middle, less towards the borders and for one along them."""
    height, width = mask.shape
    y, x = np.nonzero(mask)
    away = np.hypot(x.mean() / width - 0.5, y.mean() / height - 0.5)
    border = np.concatenate([mask[0], mask[:, 0], mask[:, -1]])  # subjects may stand on the lower
    return float(np.exp(-((away / 0.45) ** 2)) * (1 - border.mean()) ** 2)


def _filled(mask: Mask) -> Mask:
    """Return `mask` without holes of less than 2 % of it (noise; a handle keeps its hole)."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats((~mask).astype(np.uint8))
    small = [i for i in range(1, count) if stats[i, cv2.CC_STAT_AREA] < 0.02 * mask.sum()]
    return np.asarray(mask | np.isin(labels, small))


def _fallback(scaled: Floats, pixel: tuple[int, int] | None) -> Subject:
    """Return what lies as near as `pixel`, or as the nearest point, and hangs together with it."""
    if pixel is None:
        row, column = np.unravel_index(int(scaled.argmax()), scaled.shape)
        pixel = int(row), int(column)
    alike = (abs(scaled - scaled[pixel]) <= _TOLERANCE).astype(np.uint8)
    labels = cv2.connectedComponents(alike, connectivity=4)[1]
    return Subject(np.asarray(labels == labels[pixel]), 0.0, clear=False)
