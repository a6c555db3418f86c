"""The ground in a depth map: a plane that recedes from the bottom edge.

Inverse depth of a plane is affine in the picture's coordinates, whatever the camera, and stays so
under the unknown scale and shift of relative depth. So the ground is what fits
d = a + b·x + c·y, c > 0. A floor, a street, a lawn, a table top: depth cannot tell which.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Mask = NDArray[np.bool_]

_TRIES = 400  # planes through three pixels
_TOLERANCE = 0.03  # of the depth's range
_LEAST_SLOPE = 0.25  # of the depth's range per picture height: a wall has none
_LEAST_SHARE = 0.08  # of the picture
_LEAST_OF_BOTTOM = 0.3  # of the bottom edge
_MOST_BEHIND = 0.12  # of the ground's rows may lie behind its plane: more, and it is a thing


@dataclass(frozen=True)
class Ground:
    """Where it is, (h, w), and its uppermost row as a share of the height from the top."""

    mask: Mask
    top: float

    @property
    def share(self) -> float:
        """How much of the picture it fills, 0…1."""
        return float(self.mask.mean())


def find_ground(depth: Floats) -> Ground | None:
    """Return the ground of `depth` (h, w), 0 far … 1 near; None where there is none."""
    plane = _best_plane(depth)
    if plane is None:
        return None
    away = depth - plane
    mask = _from_the_bottom(abs(away) < 1.5 * _TOLERANCE)
    if mask.mean() < _LEAST_SHARE or mask[-1].mean() < _LEAST_OF_BOTTOM:
        return None
    rows = np.flatnonzero(mask.mean(1) > 0.1)
    if rows.size == 0 or (away[rows] < -3 * _TOLERANCE).mean() > _MOST_BEHIND:
        return None
    return Ground(mask, float(rows[0] / depth.shape[0]))


def _best_plane(depth: Floats) -> Floats | None:
    """Return the plane, (h, w), that most pixels of the lower part lie on (RANSAC)."""
    height, width = depth.shape
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    at = np.stack([np.ones_like(x), x / width, y / height], axis=2)
    lower = slice(int(0.4 * height), None)
    spots, values = at[lower].reshape(-1, 3), depth[lower].ravel()
    chosen = np.random.default_rng(0).integers(0, len(spots), (_TRIES, 3))
    corners = spots[chosen]
    sound = abs(np.linalg.det(corners)) > 1e-3
    planes = np.linalg.solve(corners[sound], values[chosen[sound]][:, :, None])[:, :, 0]
    planes = planes[planes[:, 2] > _LEAST_SLOPE]
    if len(planes) == 0:
        return None
    fits = abs(spots @ planes.T - values[:, None]) < _TOLERANCE
    near = fits[:, fits.sum(0).argmax()]
    refined, *_ = np.linalg.lstsq(spots[near], values[near], rcond=None)
    if refined[2] <= _LEAST_SLOPE:
        return None
    plane: Floats = (at @ refined).astype(np.float32)
    return plane


def _from_the_bottom(mask: Mask) -> Mask:
    """Return the parts of `mask` that reach the bottom edge, without what is thin."""
    opened = cv2.morphologyEx(mask.astype(np.uint8), cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    count, labels = cv2.connectedComponents(opened, connectivity=4)
    reaching = np.isin(np.arange(count), labels[-1]) & (np.arange(count) > 0)
    return np.asarray(reaching[labels])
