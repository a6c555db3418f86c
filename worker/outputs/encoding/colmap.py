"""COLMAP's sparse model, binary: one pinhole camera at the origin, one image, points.

https://colmap.github.io/format.html. Axes are OpenCV's; the middle of the upper left pixel is at
0.5, 0.5. Points have no track: they come from one image, so nothing was matched.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_PINHOLE = 1
_POINT = np.dtype(
    [("id", "<u8"), ("xyz", "<f8", 3), ("rgb", "u1", 3), ("error", "<f8"), ("track", "<u8")]
)


@dataclass(frozen=True)
class PinholeImage:
    """The image: its file's name, its size and its focal lengths in px."""

    name: str
    width: int
    height: int
    focal_x: float
    focal_y: float


def encode_cameras(image: PinholeImage) -> bytes:
    """Return cameras.bin: the camera 1."""
    lens = (image.focal_x, image.focal_y, image.width / 2, image.height / 2)
    return struct.pack("<QiiQQ4d", 1, 1, _PINHOLE, image.width, image.height, *lens)


def encode_images(image: PinholeImage) -> bytes:
    """Return images.bin: the image 1, not turned, not moved, with no observations."""
    pose = (1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
    name = image.name.encode() + b"\0"
    return struct.pack("<Qi7di", 1, 1, *pose, 1) + name + struct.pack("<Q", 0)


def encode_points(at: NDArray[np.float32], rgb: NDArray[np.uint8]) -> bytes:
    """Return points3D.bin of points, float32 (N, 3), and their colors, uint8 (N, 3)."""
    points = np.zeros(len(at), _POINT)
    points["id"] = np.arange(1, len(at) + 1)
    points["xyz"], points["rgb"] = at, rgb
    return struct.pack("<Q", len(at)) + points.tobytes()
