"""A corridor with exact depth, and readers that judge what outputs in space make of it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from contract.jobs import ModelInfo
from contract.options import JobOptions
from worker.outputs.encoding.geometry import camera
from worker.outputs.render import render
from worker.outputs.view import View

WIDTH, HEIGHT, FOV_DEG, LENGTH = 320, 240, 55, 10.0
MODEL = ModelInfo(
    name="midas_small", weights_id="w-1", engine="openvino", precision="fp32", net_size=(48, 64)
)


@dataclass(frozen=True)
class Corridor:
    """Inverse depth of a corridor 2 wide, 2 high; what each pixel shows; a picture of that.

    0 and 1 are the left and the right wall, 2 and 3 ceiling and floor, 4 the end.
    """

    inverse: np.ndarray
    wall: np.ndarray
    rgb: np.ndarray

    @property
    def ratio(self) -> float:
        return float(self.inverse.max() / self.inverse.min())


def corridor(width: int = WIDTH, height: int = HEIGHT) -> Corridor:
    lens = camera(width, height, FOV_DEG)
    x = ((np.arange(width) + 0.5 - width / 2) / lens.focal_px)[None, :]
    y = ((np.arange(height) + 0.5 - height / 2) / lens.focal_px)[:, None]
    across, down = np.broadcast_arrays(abs(x), abs(y))
    inverse = np.maximum(np.maximum(across, down), 1 / LENGTH)
    wall = np.where(across > down, np.where(x < 0, 0, 1), np.where(y < 0, 2, 3))
    wall = np.where(inverse <= 1 / LENGTH, 4, wall)
    colors = np.array([[200, 0, 0], [0, 200, 0], [0, 0, 200], [200, 200, 0], [90, 90, 90]])
    return Corridor(inverse.astype(np.float32), wall, colors[wall].astype(np.uint8))


def made(name: str, seen: Corridor | None = None, **options: Any) -> bytes:
    """Return the file of the output `name` that a corridor becomes, by its own camera."""
    seen = seen or corridor()
    options = {"outputs": [name], "fov_deg": FOV_DEG, "near_far_ratio": seen.ratio} | options
    view = view_of(seen.inverse, seen.rgb, **options)
    (file,) = render(view).files
    return file.data


def view_of(depth: np.ndarray, rgb: np.ndarray, **options: Any) -> View:
    height, width = rgb.shape[:2]
    return View(depth, JobOptions.model_validate(options), width, height, MODEL, pixels=rgb)


def walls_of(points: np.ndarray, axes: tuple[int, int, int]) -> np.ndarray:
    """Return the wall of each point, by the pixel it is seen at; `axes` makes them OpenCV's."""
    x, y, z = (np.asarray(points, float) * axes).T
    focal = camera(WIDTH, HEIGHT, FOV_DEG).focal_px
    columns, rows = np.floor(x / z * focal + WIDTH / 2), np.floor(y / z * focal + HEIGHT / 2)
    return corridor().wall[rows.astype(int), columns.astype(int)]


def assert_walls_are_flat_and_square(points: np.ndarray, wall: np.ndarray) -> None:
    """Assert: flat within 0.5 % of their extent, and at 90° ± 1 to each other, over all of it."""
    normals = []
    for number in range(4):
        cloud = points[wall == number].astype(float)
        assert len(cloud) > 0.95 * (corridor().wall == number).sum()
        assert np.ptp(cloud[:, 2]) > 3.2  # of 4: not only the part near the camera
        middle = cloud - cloud.mean(axis=0)
        normal = np.linalg.svd(middle, full_matrices=False)[2][2]
        assert abs(middle @ normal).max() / np.ptp(middle, axis=0).max() < 0.005
        normals.append(normal)
    for upright in normals[:2]:
        for level in normals[2:]:
            angle = math.degrees(math.acos(min(1, abs(float(upright @ level)))))
            assert abs(angle - 90) < 1
