"""LAS 1.2 with point format 2 (ASPRS, 2008): coordinates as whole numbers, 16-bit colors.

Surveying tools read it (CloudCompare, QGIS, PDAL). It has no normals and no place for a camera.
"""

from __future__ import annotations

import struct

import numpy as np
from numpy.typing import NDArray

STEP = 1e-5  # of a coordinate: what one in a file's whole number is worth
_HEADER = struct.Struct("<4sHH16sBB32s32sHHHIIBHI5I3d3d6d")
_POINT = np.dtype([
    ("xyz", "<i4", 3),
    ("intensity", "<u2"),
    ("returns", "u1"),
    ("classification", "u1"),
    ("scan_angle", "i1"),
    ("user_data", "u1"),
    ("source", "<u2"),
    ("rgb", "<u2", 3),
])  # fmt: skip
_FIRST_OF_ONE = 1 | 1 << 3  # return number and number of returns, three bits each
_FORMAT = 2


def encode_las(points: NDArray[np.floating], colors: NDArray[np.uint8]) -> bytes:
    """Return a LAS file of `points` (n, 3), x right, y away, z up, with their `colors` (n, 3)."""
    records = np.zeros(len(points), _POINT)
    records["xyz"] = np.rint(points.astype(np.float64) / STEP)
    records["returns"] = _FIRST_OF_ONE
    records["rgb"] = colors.astype(np.uint16) * 257
    return _header(records) + records.tobytes()


def _header(records: NDArray[np.void]) -> bytes:
    count = len(records)
    least = records["xyz"].min(axis=0, initial=0 if not count else 2**31 - 1) * STEP
    most = records["xyz"].max(axis=0, initial=0 if not count else -(2**31)) * STEP
    bounds = [value for pair in zip(most, least, strict=True) for value in pair]
    return _HEADER.pack(
        b"LASF", 0, 0, bytes(16), 1, 2,
        b"relative depth", b"depthq", 0, 0,  # no date: the same depth gives the same bytes
        _HEADER.size, _HEADER.size, 0, _FORMAT, _POINT.itemsize,
        count, count, 0, 0, 0, 0, STEP, STEP, STEP, 0.0, 0.0, 0.0, *bounds,
    )  # fmt: skip
