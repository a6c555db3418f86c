"""Planes stay flat, right angles stay right, and lenses are what EXIF says."""

from __future__ import annotations

import math

import numpy as np
import pytest

from worker.outputs.encoding.geometry import camera, distance, points
from worker.outputs.encoding.normals import surface_normals
from worker.outputs.encoding.tears import TORN, tears

WIDTH, HEIGHT = 320, 240


def corridor() -> tuple[np.ndarray, np.ndarray]:
    """Inverse depth of a corridor 2 wide and 2 high, and which wall each pixel shows."""
    lens = camera(WIDTH, HEIGHT, 55)
    x = (np.arange(WIDTH) + 0.5 - WIDTH / 2) / lens.focal_px
    y = (np.arange(HEIGHT) + 0.5 - HEIGHT / 2) / lens.focal_px
    across, down = (
        np.broadcast_to(abs(x), (HEIGHT, WIDTH)),
        np.broadcast_to(abs(y)[:, None], (HEIGHT, WIDTH)),
    )
    z = np.minimum(1 / np.maximum(across, 1e-9), 1 / np.maximum(down, 1e-9))
    wall = np.where(across > down, np.where(x < 0, 0, 1), np.where(y[:, None] < 0, 2, 3))
    inverse = 1 / np.clip(z, None, 10)
    wall = np.where(z >= 10, 4, wall)
    return inverse.astype(np.float32), wall


def planes() -> list[tuple[np.ndarray, float]]:
    """Normal and greatest distance from the fitted plane, relative to its extent, of each wall."""
    inverse, wall = corridor()
    ratio = float(inverse.max() / inverse.min())
    z = distance(inverse, ratio, float(inverse.min()), float(inverse.max()))
    at = points(z, camera(WIDTH, HEIGHT, 55)).astype(np.float64)
    found = []
    for number in range(4):
        cloud = at[wall == number]
        middle = cloud - cloud.mean(axis=0)
        normal = np.linalg.svd(middle, full_matrices=False)[2][2]
        found.append((normal, float(abs(middle @ normal).max() / np.ptp(middle, axis=0).max())))
    return found


def test_the_walls_of_a_corridor_are_flat_within_half_a_percent() -> None:
    assert max(away for _, away in planes()) < 0.005


def test_wall_and_floor_meet_at_a_right_angle() -> None:
    (left, _), (right, _), (ceiling, _), (floor, _) = planes()
    for wall in (left, right):
        for other in (ceiling, floor):
            angle = math.degrees(math.acos(min(1, abs(float(wall @ other)))))
            assert angle == pytest.approx(90, abs=1)


def test_the_nearest_is_at_one_and_the_farthest_at_the_ratio() -> None:
    z = distance(np.array([[0.0, 5.0, 10.0]], np.float32), 5, 0, 10)
    np.testing.assert_allclose(z, [[5, 1 / 0.6, 1]], rtol=1e-6)


def test_even_depth_is_a_plane_at_one() -> None:
    assert (distance(np.full((3, 4), 7, np.float32), 5, 7, 7) == 1).all()


def test_the_35_mm_focal_length_refers_to_the_diagonal() -> None:
    # a full frame picture, 36 x 24: 50 mm of 36 mm wide
    assert camera(3600, 2400, focal_35mm=50).focal_px == pytest.approx(5000, rel=1e-3)
    assert camera(2400, 3600, focal_35mm=50).focal_px == pytest.approx(5000, rel=1e-3)  # turned
    assert camera(3600, 2400, fov_deg=90, focal_35mm=50).focal_px == pytest.approx(1800)


def test_normals_point_at_the_camera() -> None:
    # a floor below the camera: its normal points up, which is -y
    lens = camera(64, 64, 60)
    y = (np.arange(64) + 0.5 - 32) / lens.focal_px
    floor = np.broadcast_to(np.maximum(y, 1e-3)[:, None], (64, 64)).astype(np.float32)
    np.testing.assert_allclose(surface_normals(floor, lens)[40, 30], [0, -1, 0], atol=1e-4)
    wall = np.ones((8, 8), np.float32)
    np.testing.assert_allclose(surface_normals(wall, lens)[4, 4], [0, 0, -1], atol=1e-6)


def test_a_step_is_torn_and_a_slope_is_not() -> None:
    z = np.tile(np.linspace(2, 2.5, 64, dtype=np.float32), (8, 1))
    assert not (tears(z) > TORN).any()
    z[:, 32:] += 1
    assert (tears(z) > TORN)[:, 31:33].all()
    assert not (tears(z) > TORN)[:, :30].any()


def test_a_blurred_step_is_torn_all_along() -> None:
    inverse = np.ones((8, 64), np.float32)
    inverse[:, 30:36] = np.linspace(1, 0.4, 6)
    inverse[:, 36:] = 0.4
    found = tears(1 / inverse) > TORN
    assert found[:, 30:36].all()
    assert not found[:, :28].any()
    assert not found[:, 38:].any()


def test_a_plane_at_a_low_angle_is_steep_and_not_torn() -> None:
    inverse = np.tile(np.linspace(0.02, 1, 64, dtype=np.float32), (8, 1))
    z = 1 / inverse
    assert (z[0, 0] - z[0, 2]) / z[0, 1] > 10 * TORN
    assert not tears(z).any()
