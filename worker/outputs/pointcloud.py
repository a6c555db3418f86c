"""Points as PLY (binary, little-endian), text or LAS.

Axes are OpenGL's, as most viewers have them: x right, y up, z towards the viewer; the camera is at
the origin. LAS has those of maps: x right, y away, z up.
"""

from __future__ import annotations

import io
import math

import numpy as np
from numpy.typing import NDArray

from contract.outputs.cut import CutOptions
from contract.outputs.pointcloud import PointcloudOptions
from contract.outputs.points import PointOptions
from worker.outputs.encoding.las import encode_las
from worker.outputs.surface import OPENGL, Surface, photograph, surface_of
from worker.outputs.view import Rendering, View

MOST_POINTS = 1_000_000  # unless `max_points` says otherwise
_FLOATS = ("x", "y", "z", "nx", "ny", "nz")
_BYTES = ("red", "green", "blue")
VERTEX = np.dtype([(n, "<f4") for n in _FLOATS] + [(n, "u1") for n in _BYTES])
Vertices = NDArray[np.void]
_Z_UP = np.array([[1, 0, 0], [0, 0, -1], [0, 1, 0]], np.float32)  # of x right, y down, z away


def render(view: View) -> Rendering:
    """Return the points in the format asked for."""
    surface, colors, kept = cloud_of(view, MOST_POINTS)
    chosen = view.options.of(PointcloudOptions).pointcloud_format
    if chosen == "las":
        return Rendering(encode_las(surface.points[kept] @ _Z_UP, colors[kept]), None)
    vertices = np.empty(int(kept.sum()), VERTEX)
    _fill(vertices, _FLOATS[:3], surface.points[kept] * OPENGL)
    _fill(vertices, _FLOATS[3:], surface.normals[kept] * OPENGL)
    _fill(vertices, _BYTES, colors[kept])
    if chosen == "xyz":
        return Rendering(encode_xyz(vertices), None)
    return Rendering(encode_ply(vertices, surface.lens.focal_px), None)


def cloud_of(view: View, most: int) -> tuple[Surface, NDArray[np.uint8], NDArray[np.bool_]]:
    """Return at most `max_points`, or `most`, points, their colors (h, w, 3) and which are kept."""
    width, height = grid(*view.size, view.options.of(PointOptions).max_points or most)
    surface = surface_of(view, width, height)
    return surface, photograph(view, width, height), surface.kept(view.options.of(CutOptions))


def grid(width: int, height: int, most: int) -> tuple[int, int]:
    """Return width and height of the finest grid over a picture that has at most `most` points."""
    scale = min(1.0, math.sqrt(most / (width * height)))
    columns = min(most, max(1, int(width * scale)))
    return columns, min(most // columns, max(1, int(height * scale)))


def encode_ply(vertices: Vertices, focal_px: float) -> bytes:
    """Return `vertices` as a binary PLY file that says its axes and unit."""
    kinds = {"<f4": "float", "|u1": "uchar"}
    header = [
        "ply",
        "format binary_little_endian 1.0",
        "comment x right, y up, z towards the viewer; the camera is at the origin",
        "comment unit: the distance of the nearest point; relative, not meters",
        f"comment focal length {focal_px:.2f} px",
        f"element vertex {len(vertices)}",
        *(f"property {kinds[VERTEX[name].str]} {name}" for name in _FLOATS + _BYTES),
        "end_header\n",
    ]
    return "\n".join(header).encode("ascii") + vertices.tobytes()


def encode_xyz(vertices: Vertices) -> bytes:
    """Return a line of text per vertex: x y z nx ny nz red green blue."""
    import pyarrow  # 60 MB of memory, so only when it is needed
    from pyarrow import csv

    columns = {name: np.ascontiguousarray(vertices[name]) for name in _FLOATS + _BYTES}
    file = io.BytesIO()
    style = csv.WriteOptions(include_header=False, delimiter=" ")
    csv.write_csv(pyarrow.table(columns), file, style)
    return file.getvalue()


def _fill(vertices: Vertices, names: tuple[str, ...], values: NDArray[np.generic]) -> None:
    for column, name in enumerate(names):
        vertices[name] = values[:, column]
