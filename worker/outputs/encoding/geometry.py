"""Relative inverse depth → points in space, by a pinhole camera.

Axes are OpenCV's: x right, y down, z forward, in units of the nearest distance. Inverse depth is
inverted, never taken for depth: only then do planes stay flat.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

DEFAULT_FOV_DEG = 55.0
FILM_DIAGONAL_MM = 43.27  # of 36 x 24 mm: what "35 mm equivalent" refers to (CIPA DCG-001)


@dataclass(frozen=True)
class Camera:
    """A pinhole with its principal point in the middle. Sizes in px."""

    focal_px: float
    width: int
    height: int


def camera(
    width: int, height: int, fov_deg: float | None = None, focal_35mm: float | None = None
) -> Camera:
    """Return the camera of a picture: the horizontal field of view if given, else EXIF's lens.

    The 35 mm equivalent refers to the diagonal, so that it holds for upright pictures too. A
    cropped picture has a narrower view than its EXIF says.
    """
    if fov_deg is None and focal_35mm:
        return Camera(focal_35mm / FILM_DIAGONAL_MM * math.hypot(width, height), width, height)
    half = math.radians((fov_deg or DEFAULT_FOV_DEG) / 2)
    return Camera(width / 2 / math.tan(half), width, height)


def distance(depth: Floats, ratio: float, low: float, high: float) -> Floats:
    """Return the distance z, float32 (h, w): 1 where `depth` is `high`, `ratio` where it is `low`.

    z = 1 / (d (1 - 1/R) + 1/R), d being relative inverse depth stretched to 0…1.
    """
    if high <= low:
        return np.full(depth.shape, 1, np.float32)
    scaled = np.clip((depth - np.float32(low)) * np.float32(1 / (high - low)), 0, 1)
    z: Floats = 1 / (scaled * np.float32(1 - 1 / ratio) + np.float32(1 / ratio))
    return z


def points(z: Floats, lens: Camera) -> Floats:
    """Return the point of each pixel, float32 (h, w, 3); `z` may be smaller than the picture."""
    height, width = z.shape
    focal = lens.focal_px * width / lens.width
    x = (np.arange(width, dtype=np.float32) + 0.5 - width / 2) / focal
    y = (np.arange(height, dtype=np.float32) + 0.5 - height / 2) / (
        lens.focal_px * height / lens.height
    )
    made = np.empty((height, width, 3), np.float32)
    np.multiply(z, x, out=made[:, :, 0])
    np.multiply(z, y[:, None], out=made[:, :, 1])
    made[:, :, 2] = z
    return made
