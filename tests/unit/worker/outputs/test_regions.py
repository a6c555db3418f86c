"""What stands out is found where it is; what does not is not."""

from __future__ import annotations

import numpy as np
import pytest

from worker.outputs.encoding.ground import find_ground
from worker.outputs.encoding.regions import Layout, layout

HEIGHT, WIDTH = 72, 96


def disc(x: float, y: float, radius: float) -> np.ndarray:
    """Return where a disc is; all in shares of the width."""
    rows, columns = np.mgrid[0:HEIGHT, 0:WIDTH]
    return np.hypot(columns - x * WIDTH, rows - y * HEIGHT) < radius * WIDTH


def seen(depth: np.ndarray, ratio: float = 5.0) -> Layout:
    depth = depth.astype(np.float32)
    return layout(depth, float(depth.min()), float(depth.max()), ratio)


def test_two_discs_are_two_things_where_they_are_as_large_as_they_are() -> None:
    depth = np.zeros((HEIGHT, WIDTH))
    depth[disc(0.25, 0.5, 0.1)] = 0.5
    depth[disc(0.75, 0.25, 0.05)] = 1.0
    one, other = sorted(seen(depth).things, key=lambda thing: thing.x)
    assert (one.x, one.y) == pytest.approx((0.25, 0.5), abs=0.02)
    assert (other.x, other.y) == pytest.approx((0.75, 0.25), abs=0.02)
    assert one.share == pytest.approx(np.pi * 0.1**2 * WIDTH / HEIGHT, rel=0.1)
    assert other.box == pytest.approx((0.7, 0.18, 0.8, 0.32), abs=0.03)


def test_distances_are_ratios_under_the_ratio_asked_for() -> None:
    depth = np.zeros((HEIGHT, WIDTH))
    depth[disc(0.25, 0.5, 0.1)] = 0.5
    depth[disc(0.75, 0.5, 0.1)] = 1.0
    found = seen(depth, ratio=5.0)
    far, near = sorted(found.things, key=lambda thing: thing.x)
    assert near.distance == pytest.approx(1.0)
    assert far.distance == pytest.approx(1 / (0.5 * 0.8 + 0.2))
    assert near.behind == pytest.approx(5.0)
    assert found.nearest is near


def test_scale_and_shift_of_depth_change_nothing() -> None:
    depth = np.zeros((HEIGHT, WIDTH))
    depth[disc(0.4, 0.5, 0.2)] = 1.0
    (one,), (other,) = seen(depth).things, seen(depth * 700 + 90).things
    assert (one.x, one.share, one.distance) == pytest.approx((other.x, other.share, other.distance))


def test_a_floor_is_the_ground_and_no_thing() -> None:
    y = np.linspace(0, 1, HEIGHT)[:, None]
    depth = np.broadcast_to(np.maximum(0, y - 0.4), (HEIGHT, WIDTH)).copy()
    found = seen(depth)
    assert found.things == ()
    assert found.ground is not None
    assert found.ground.top == pytest.approx(0.4, abs=0.08)
    assert found.far == ("left", "middle", "right")
    assert found.far_on_top


def test_a_ball_on_the_floor_is_a_thing_of_its_own() -> None:
    y = np.linspace(0, 1, HEIGHT)[:, None]
    depth = np.broadcast_to(np.maximum(0, y - 0.4), (HEIGHT, WIDTH)).copy()
    depth[disc(0.7, 0.55, 0.08)] = 0.45
    found = seen(depth)
    assert found.ground is not None
    assert [round(thing.x, 1) for thing in found.things] == [0.7]


def test_a_thing_that_bulges_forward_at_the_bottom_is_no_ground() -> None:
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
    depth = np.where(abs(x - WIDTH / 2) < 0.22 * WIDTH, 0.4 + 0.6 * y / HEIGHT, 0.0)
    assert find_ground(depth.astype(np.float32)) is None


@pytest.mark.parametrize(
    ("edge", "across", "down"),
    [("bottom", 0, 1), ("top", 0, -1), ("left", -1, 0), ("right", 1, 0)],
)
def test_a_slope_is_named_by_its_nearest_edge(edge: str, across: int, down: int) -> None:
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
    found = seen((across * x / WIDTH + down * y / HEIGHT) ** 3 if edge == "bottom" else (
        across * x / WIDTH + down * y / HEIGHT
    ))  # fmt: skip
    assert found.things == ()
    assert found.nearest_edge == edge


def test_no_differences_are_said_to_be_none() -> None:
    assert seen(np.full((HEIGHT, WIDTH), 3.0)).flat


def test_walls_on_both_sides_are_near_surfaces_and_no_things() -> None:
    x = abs(np.linspace(-1, 1, WIDTH))[None, :]
    found = seen(np.broadcast_to(np.where(x > 0.5, 0.9, 0.0) + 0.1 * x, (HEIGHT, WIDTH)).copy())
    assert found.things == ()
    assert found.near == ("left", "right")
    assert found.far == ("middle",)


@pytest.mark.parametrize("shape", [(1, 1), (1, 300), (300, 1), (2, 2), (16, 512)])
def test_odd_shapes_do_no_harm(shape: tuple[int, int]) -> None:
    depth = np.random.default_rng(1).random(shape).astype(np.float32)
    found = layout(depth, 0.0, 1.0, 5.0)
    assert all(0 <= thing.x <= 1 and 0 <= thing.y <= 1 for thing in found.things)
