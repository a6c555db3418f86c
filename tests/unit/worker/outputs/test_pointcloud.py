"""Points are where the camera saw them, have their pixels' colors, and other programs read them."""

from __future__ import annotations

import io
from typing import Any

import laspy
import numpy as np
import pytest

from contract.options import JobOptions
from tests.unit.worker.outputs.spaces import (
    HEIGHT,
    WIDTH,
    assert_walls_are_flat_and_square,
    corridor,
    made,
    view_of,
    walls_of,
)
from worker.outputs.pointcloud import VERTEX, grid, render

OPENGL = (1, -1, -1)
NAMES = ["x", "y", "z", "nx", "ny", "nz", "red", "green", "blue"]


def read(data: bytes) -> np.ndarray:
    """Return the vertices as the header says they are, by hand."""
    header, body = data.split(b"end_header\n", 1)
    lines = header.decode("ascii").splitlines()
    assert lines[:2] == ["ply", "format binary_little_endian 1.0"]
    kinds = {"float": "<f4", "uchar": "u1"}
    fields = [line.split()[1:] for line in lines if line.startswith("property")]
    assert [name for _, name in fields] == NAMES
    vertices = np.frombuffer(body, np.dtype([(name, kinds[kind]) for kind, name in fields]))
    assert f"element vertex {len(vertices)}" in lines
    return vertices


def positions(vertices: np.ndarray, names: str = "x y z") -> np.ndarray:
    return np.stack([vertices[name] for name in names.split()], axis=1)


def test_the_walls_of_a_corridor_come_out_flat_and_square() -> None:
    points = positions(read(made("pointcloud")))
    assert_walls_are_flat_and_square(points, walls_of(points, OPENGL))


def test_another_library_reads_the_same_points_colors_and_normals() -> None:
    import trimesh  # here: a second in each test process that collects this

    data = made("pointcloud", drop_edges=False)
    vertices = read(data)
    cloud = trimesh.load(io.BytesIO(data), file_type="ply")
    np.testing.assert_array_equal(cloud.vertices, positions(vertices).astype(float))
    np.testing.assert_array_equal(cloud.colors[:, :3], positions(vertices, "red green blue"))
    np.testing.assert_array_equal(cloud.colors[:, :3], corridor().rgb.reshape(-1, 3))


def test_up_is_up_and_the_camera_looks_along_minus_z() -> None:
    points = positions(read(made("pointcloud", drop_edges=False))).reshape(HEIGHT, WIDTH, 3)
    assert (points[:, :, 2] < 0).all()
    assert (points[0, :, 1] > 0).all()
    assert (points[-1, :, 1] < 0).all()
    assert (points[:, -1, 0] > 0).all()
    assert points[:, :, 2].max() == pytest.approx(-1, abs=1e-5)  # the nearest


def test_normals_are_those_of_the_walls_and_face_the_camera() -> None:
    vertices = read(made("pointcloud", drop_edges=False))
    normals, wall = positions(vertices, "nx ny nz"), corridor().wall.ravel()
    np.testing.assert_allclose(np.linalg.norm(normals, axis=1), 1, atol=1e-5)
    wanted = np.array([[1, 0, 0], [-1, 0, 0], [0, -1, 0], [0, 1, 0], [0, 0, 1]])[wall]
    right = (normals * wanted).sum(axis=1) > np.cos(np.radians(1))
    assert right.mean() > 0.98  # the others lie on the edges between walls
    assert ((normals * positions(vertices)).sum(axis=1) < 0).all()


def test_there_are_at_most_as_many_points_as_asked_for() -> None:
    points = positions(read(made("pointcloud", max_points=1000, drop_edges=False)))
    assert 900 < len(points) <= 1000
    assert read(made("pointcloud", max_points=100)).size <= 100
    for size in ((1, 1), (1, 9000), (9000, 1), (4000, 3000), (3, 700)):
        width, height = grid(*size, 100)
        assert 1 <= width * height <= 100


def step() -> tuple[np.ndarray, np.ndarray]:
    """A square before a wall twice as far."""
    depth = np.full((60, 80), 0.5, np.float32)
    depth[20:40, 30:50] = 1
    rgb = np.where(depth[:, :, None] == 1, (255, 0, 0), (0, 0, 255)).astype(np.uint8)
    return depth, rgb


def cloud(depth: np.ndarray, rgb: np.ndarray, **options: Any) -> np.ndarray:
    return read(render(view_of(depth, rgb, outputs=["pointcloud"], **options)).data)


def test_edges_are_left_out_unless_they_are_wanted() -> None:
    depth, rgb = step()
    assert len(cloud(depth, rgb, drop_edges=False)) == depth.size
    kept = cloud(depth, rgb)
    assert 0.85 * depth.size < len(kept) < depth.size
    assert set(np.unique(kept["red"])) == {0, 255}  # something of both is left


def test_between_a_thing_and_the_wall_behind_it_no_point_floats() -> None:
    depth, rgb = step()
    large = np.repeat(np.repeat(rgb, 4, axis=0), 4, axis=1)  # depth is resized, and blurred by that
    z = -cloud(depth, large, near_far_ratio=2)["z"]
    assert set(np.round(np.unique(z), 1)) == {1.0, 2.0}
    floating = -cloud(depth, large, near_far_ratio=2, drop_edges=False)["z"]
    assert ((floating > 1.2) & (floating < 1.8)).any()


def test_few_points_are_not_taken_for_torn_apart() -> None:
    width, height = grid(WIDTH, HEIGHT, 3000)
    assert len(read(made("pointcloud", max_points=3000))) > 0.85 * width * height


def test_a_steep_floor_is_no_edge() -> None:
    # distances within 3x3 differ by more than 4 % over its whole far half
    slope = np.tile(np.linspace(0.02, 1, 60, dtype=np.float32)[:, None], (1, 80))
    rgb = np.zeros((60, 80, 3), np.uint8)
    assert len(cloud(slope, rgb, near_far_ratio=50)) == slope.size


def test_sky_is_left_out_where_that_is_wanted_and_a_far_wall_below_a_ceiling_is_not() -> None:
    depth = np.full((60, 80), 0.5, np.float32)
    depth[-1] = 1  # near
    depth[:20] = 0  # above: sky
    depth[40:45, 30:40] = 0  # as far, but surrounded
    rgb = np.zeros((60, 80, 3), np.uint8)
    options = {"drop_edges": False}
    assert len(cloud(depth, rgb, **options)) == depth.size
    assert len(cloud(depth, rgb, drop_sky=True, **options)) == 40 * 80


def test_a_picture_of_which_nothing_would_be_left_stays_whole() -> None:
    noise = np.random.default_rng(1).random((20, 20)).astype(np.float32)
    assert len(cloud(noise, np.zeros((20, 20, 3), np.uint8))) == 400


@pytest.mark.parametrize("size", [(1, 1), (1, 300), (300, 1)])
def test_the_narrowest_pictures_have_points(size: tuple[int, int]) -> None:
    depth = np.random.default_rng(2).random((32, 32)).astype(np.float32)
    vertices = cloud(depth, np.zeros((size[1], size[0], 3), np.uint8))
    assert np.isfinite(positions(vertices)).all()
    assert np.isfinite(positions(vertices, "nx ny nz")).all()
    assert len(vertices) >= 1


def test_text_has_the_numbers_of_the_binary_file() -> None:
    options = {"max_points": 500}
    vertices = read(made("pointcloud", **options))
    text = made("pointcloud", pointcloud_format="xyz", **options)
    rows = np.loadtxt(io.BytesIO(text))
    np.testing.assert_allclose(rows, np.stack([vertices[n] for n in NAMES], axis=1), rtol=1e-6)
    assert len(text.splitlines()) == len(vertices)


def test_the_same_depth_gives_the_same_bytes() -> None:
    assert made("pointcloud") == made("pointcloud")
    assert VERTEX.itemsize == 27


@pytest.mark.parametrize(
    "options",
    [{"max_points": 99}, {"max_points": 4_000_001}, {"near_far_ratio": 1}, {"fov_deg": 171}],
)
def test_options_out_of_bounds_are_refused_by_name(options: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=next(iter(options))):
        JobOptions.model_validate({"outputs": ["pointcloud"]} | options)


def test_las_has_the_same_points_and_colors_with_z_up_as_another_library_reads_it() -> None:
    # Given the same scene in both formats
    las = laspy.read(io.BytesIO(made("pointcloud", pointcloud_format="las")))
    vertices = read(made("pointcloud"))
    # Then laspy finds the version, and every point where the map's axes put it
    assert (str(las.header.version), las.header.point_format.id) == ("1.2", 2)
    x, y, z = positions(vertices).astype(float).T
    np.testing.assert_allclose(las.xyz, np.stack([x, -z, y], axis=1), atol=1e-5)
    np.testing.assert_allclose(las.header.mins, las.xyz.min(axis=0))
    np.testing.assert_allclose(las.header.maxs, las.xyz.max(axis=0))
    colors = np.stack([las.red, las.green, las.blue], axis=1) // 257
    np.testing.assert_array_equal(colors, positions(vertices, "red green blue"))
    assert set(las.return_number) == set(las.number_of_returns) == {1}
