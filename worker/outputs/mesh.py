"""The surface as triangles with the photograph on them (GLB)."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from contract.outputs.cut import CutOptions
from contract.outputs.mesh import MeshOptions
from worker.outputs.encoding.glb import TexturedMesh, encode_glb
from worker.outputs.encoding.jpeg import encode_jpeg
from worker.outputs.surface import OPENGL, photograph, surface_of
from worker.outputs.view import Rendering, View

TEXTURE_SIDE_PX = 4096  # what any graphics card takes
_UNIT = "the distance of the nearest point; relative, not meters"


def render(view: View) -> Rendering:
    """Return the mesh; where the cut would leave no triangle, it is whole."""
    width, height = _grid(*view.size, view.options.of(MeshOptions).mesh_side)
    surface = surface_of(view, width, height)
    triangles = triangles_of(surface.kept(view.options.of(CutOptions)))
    if not len(triangles):
        triangles = triangles_of(np.ones(surface.z.shape, np.bool_))
    used, triangles = _compacted(triangles)
    mesh = TexturedMesh(
        points=surface.points.reshape(-1, 3)[used] * OPENGL,
        normals=surface.normals.reshape(-1, 3)[used] * OPENGL,
        at=_texture_places(used, width, height),
        triangles=triangles,
        jpeg=encode_jpeg(photograph(view, *_within(*view.size, TEXTURE_SIDE_PX))),
    )
    fov_y = 2 * math.atan(view.height / 2 / surface.lens.focal_px)
    return Rendering(encode_glb(mesh, fov_y, view.width / view.height, _UNIT), None)


def triangles_of(kept: NDArray[np.bool_]) -> NDArray[np.uint32]:
    """Return the triangles, uint32 (M, 3), between the points of a grid that are all kept.

    They are counter-clockwise as the camera sees them. A square with one corner missing has one.
    """
    number = np.arange(kept.size, dtype=np.uint32).reshape(kept.shape)
    a, b, c, d = number[:-1, :-1], number[:-1, 1:], number[1:, :-1], number[1:, 1:]
    has_a, has_b, has_c, has_d = kept[:-1, :-1], kept[:-1, 1:], kept[1:, :-1], kept[1:, 1:]
    other = ~has_b | ~has_c  # then the diagonal from a to d
    made = [
        np.stack(corners, axis=-1)[where]
        for corners, where in (
            ((a, c, b), has_a & has_b & has_c),
            ((b, c, d), has_b & has_c & has_d),
            ((a, c, d), has_a & has_c & has_d & other),
            ((a, d, b), has_a & has_b & has_d & other),
        )
    ]
    return np.concatenate(made)


def _compacted(triangles: NDArray[np.uint32]) -> tuple[NDArray[np.intp], NDArray[np.uint32]]:
    """Return the points that are used, and the triangles renumbered to them."""
    used, places = np.unique(triangles, return_inverse=True)
    return used.astype(np.intp), places.astype(np.uint32).reshape(-1, 3)


def _texture_places(used: NDArray[np.intp], width: int, height: int) -> NDArray[np.float32]:
    """Return u and v of points by their number: the centers of the grid's pixels."""
    places = np.stack([(used % width + 0.5) / width, (used // width + 0.5) / height], axis=1)
    return places.astype(np.float32)


def _within(width: int, height: int, side: int) -> tuple[int, int]:
    scale = min(1.0, side / max(width, height))
    return max(1, round(width * scale)), max(1, round(height * scale))


def _grid(width: int, height: int, side: int) -> tuple[int, int]:
    """Return the size of the grid, at least two by two: a triangle needs that."""
    columns, rows = _within(width, height, side)
    return max(2, columns), max(2, rows)
