"""The zip is a COLMAP model: read back here by the format's description, field by field."""

from __future__ import annotations

import io
import struct
import zipfile
from typing import Any, NamedTuple

import numpy as np
from PIL import Image

from tests.unit.worker.outputs.spaces import (
    HEIGHT,
    WIDTH,
    assert_walls_are_flat_and_square,
    corridor,
    made,
    view_of,
    walls_of,
)
from worker.outputs.seed3dgs import render

NAMES = [
    "images/photograph.jpg",
    "sparse/0/cameras.bin",
    "sparse/0/images.bin",
    "sparse/0/points3D.bin",
]


class Reader:
    """Little-endian fields, one after another (https://colmap.github.io/format.html)."""

    def __init__(self, data: bytes) -> None:
        self._data, self._at = data, 0

    def take(self, kinds: str) -> tuple[Any, ...]:
        values = struct.unpack_from(f"<{kinds}", self._data, self._at)
        self._at += struct.calcsize(f"<{kinds}")
        return values

    def text(self) -> str:
        end = self._data.index(0, self._at)
        value, self._at = self._data[self._at : end].decode(), end + 1
        return value

    def assert_at_end(self) -> None:
        assert self._at == len(self._data)


class Model(NamedTuple):
    """What a trainer reads."""

    size: tuple[int, int]
    lens: tuple[float, ...]
    pose: tuple[float, ...]
    image: np.ndarray
    points: np.ndarray
    colors: np.ndarray


def read(data: bytes) -> Model:
    """Return the model in the zip. Asserts all that has one right value."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == NAMES
        files = {name: archive.read(name) for name in NAMES}
    cameras = Reader(files["sparse/0/cameras.bin"])
    count, camera, pinhole, width, height = cameras.take("QiiQQ")
    assert (count, camera, pinhole) == (1, 1, 1)
    lens = cameras.take("4d")
    cameras.assert_at_end()
    images = Reader(files["sparse/0/images.bin"])
    count, image = images.take("Qi")
    pose, (of,) = images.take("7d"), images.take("i")
    assert (count, image, of, f"images/{images.text()}", images.take("Q")) == (
        1, 1, camera, NAMES[0], (0,),
    )  # fmt: skip
    images.assert_at_end()
    points = Reader(files["sparse/0/points3D.bin"])
    found = [points.take("QdddBBBdQ") for _ in range(points.take("Q")[0])]
    points.assert_at_end()
    assert [point[0] for point in found] == list(range(1, len(found) + 1))
    assert {point[7:] for point in found} == {(0.0, 0)}  # no error, no track
    table = np.array(found)
    pixels = np.asarray(Image.open(io.BytesIO(files[NAMES[0]])))
    return Model((width, height), lens, pose, pixels, table[:, 1:4], table[:, 4:7])


def test_the_walls_of_a_corridor_come_out_flat_and_square() -> None:
    points = read(made("seed3dgs")).points
    assert_walls_are_flat_and_square(points, walls_of(points, (1, 1, 1)))


def test_the_camera_sees_each_point_at_the_pixel_of_its_color() -> None:
    model = read(made("seed3dgs", drop_edges=False, max_points=WIDTH * HEIGHT))
    assert model.size == (WIDTH, HEIGHT)
    assert model.pose == (1, 0, 0, 0, 0, 0, 0)
    x, y, z = model.points.T
    focal_x, focal_y, center_x, center_y = model.lens
    columns, rows = x / z * focal_x + center_x, y / z * focal_y + center_y
    wanted_rows, wanted_columns = np.mgrid[0:HEIGHT, 0:WIDTH] + 0.5
    np.testing.assert_allclose(columns, wanted_columns.ravel(), atol=0.01)
    np.testing.assert_allclose(rows, wanted_rows.ravel(), atol=0.01)
    np.testing.assert_array_equal(model.colors, corridor().rgb.reshape(-1, 3))
    assert abs(model.image.astype(float) - corridor().rgb).mean() < 3


def test_at_the_networks_size_camera_and_photograph_have_that_size() -> None:
    depth = np.tile(np.linspace(1, 2, 64, dtype=np.float32), (48, 1))
    view = view_of(depth, np.zeros((150, 400, 3), np.uint8), size="model", outputs=["seed3dgs"])
    model = read(render(view).data)
    assert model.size == (64, 48)
    assert model.image.shape == (48, 64, 3)
    x, y, z = model.points.T
    columns = x / z * model.lens[0] + model.lens[2]
    rows = y / z * model.lens[1] + model.lens[3]
    np.testing.assert_allclose((columns.min(), columns.max()), (0.5, 63.5), atol=0.01)
    np.testing.assert_allclose((rows.min(), rows.max()), (0.5, 47.5), atol=0.01)


def test_there_are_200_000_points_at_most_unless_more_are_asked_for() -> None:
    depth = np.tile(np.linspace(1, 2, 64, dtype=np.float32), (48, 1))
    rgb = np.zeros((600, 800, 3), np.uint8)
    counts = []
    for options in ({}, {"max_points": 300_000}, {"max_points": 700}):
        data = render(view_of(depth, rgb, outputs=["seed3dgs"], **options)).data
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            counts.append(struct.unpack("<Q", archive.read(NAMES[3])[:8])[0])
    assert 195_000 < counts[0] <= 200_000
    assert 295_000 < counts[1] <= 300_000
    assert 600 < counts[2] <= 700


def test_the_same_depth_gives_the_same_bytes() -> None:
    assert made("seed3dgs", max_points=500) == made("seed3dgs", max_points=500)
