"""Normals of the surface that inverse distances describe.

A plane n·P = 1 seen by a pinhole has the inverse distance n·(u, v, 1) at the ray (u, v, 1): its
slopes are the normal's x and y. So differences are exact on planes, where those of points are not.
"""

from __future__ import annotations

import numpy as np

from worker.outputs.encoding.geometry import Camera, Floats


def surface_normals(inverse: Floats, lens: Camera) -> Floats:
    """Return unit normals towards the camera, float32 (h, w, 3), in OpenCV's axes.

    `inverse` is 1/z, float32 (h, w), of a grid over the picture.
    """
    height, width = inverse.shape
    across = lens.focal_px * width / lens.width  # px of the grid per unit of u
    down = lens.focal_px * height / lens.height
    u = (np.arange(width, dtype=np.float32) + np.float32(0.5 - width / 2)) / np.float32(across)
    v = (np.arange(height, dtype=np.float32) + np.float32(0.5 - height / 2)) / np.float32(down)
    made = np.empty((height, width, 3), np.float32)
    x, y, z = made[:, :, 0], made[:, :, 1], made[:, :, 2]
    _slope(inverse, 1, np.float32(-across), x)
    _slope(inverse, 0, np.float32(-down), y)
    np.negative(inverse, out=z)
    z -= u * x
    z -= v[:, None] * y
    made /= np.sqrt(x * x + y * y + z * z)[:, :, None]  # never 0: along its ray it is -1/z
    return made


def _slope(values: Floats, axis: int, scale: np.float32, out: Floats) -> None:
    """Write the difference of neighbours along `axis`, times `scale`; 0 where there are none."""
    if values.shape[axis] == 1:
        out[:] = 0
    else:
        np.multiply(np.gradient(values, axis=axis), scale, out=out)
