"""Other views of a scene whose right pixels are known: a near square before a textured wall."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from worker.outputs.encoding.warp import Nearness, nearness, warp

HEIGHT, WIDTH = 60, 120
LEFT, RIGHT, TOP, BOTTOM = 50, 80, 15, 45  # of the square
RED = (220, 20, 20)


def wall() -> NDArray[np.uint8]:
    """Return a wall in greens and blues: it has no red, so that what is the square's shows."""
    rgb = np.random.default_rng(3).integers(40, 255, (HEIGHT, WIDTH, 3), np.uint8)
    rgb[:, :, 0] = 0
    return rgb


def scene() -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    rgb, near = wall(), np.zeros((HEIGHT, WIDTH), np.float32)
    rgb[TOP:BOTTOM, LEFT:RIGHT] = RED
    near[TOP:BOTTOM, LEFT:RIGHT] = 1
    return rgb, near


def moved_square(by: int) -> NDArray[np.bool_]:
    inside = np.zeros((HEIGHT, WIDTH), bool)
    inside[TOP:BOTTOM, LEFT + by : RIGHT + by] = True
    return inside


def uncovered(by: int) -> NDArray[np.bool_]:
    """Return where the wall comes out from behind the square."""
    return ~moved_square(by) & moved_square(0)


@pytest.mark.parametrize("by", [8, -8, 3, -3])
def test_the_square_moves_and_the_wall_stays(by: int) -> None:
    rgb, near = scene()
    made = warp(rgb, near, by, still=0)
    # Then the square's pixels are the square's
    assert (made[moved_square(by)] == RED).all()
    # and those of the wall that were seen before are the wall's, pixel for pixel
    seen = ~moved_square(by) & ~uncovered(by)
    np.testing.assert_array_equal(made[seen], rgb[seen])


@pytest.mark.parametrize("by", [8, -8, 3, -3])
def test_what_comes_out_from_behind_is_filled_from_behind_and_not_stretched(by: int) -> None:
    rgb, near = scene()
    made = warp(rgb, near, by, still=0)
    gap = uncovered(by)
    assert made[gap][:, 0].max() == 0, "nothing of the red square"
    # it is the wall beside the gap, mirrored
    row = TOP + 5
    beside = rgb[row, LEFT - by : LEFT] if by > 0 else rgb[row, RIGHT : RIGHT - by]
    filled = made[row, LEFT : LEFT + by] if by > 0 else made[row, RIGHT + by : RIGHT]
    np.testing.assert_array_equal(filled, beside[::-1])
    # not one color drawn out: as varied as the wall
    assert made[gap].std() > 0.8 * wall().std()


def test_the_wall_moves_and_the_square_stays_when_the_near_is_still() -> None:
    rgb, near = scene()
    made = warp(rgb, near, 8, still=1)
    assert (made[moved_square(0)] == RED).all()
    np.testing.assert_array_equal(made[5, : WIDTH - 8], rgb[5, 8:])
    np.testing.assert_array_equal(made[5, WIDTH - 8 :], rgb[5, WIDTH - 8 :][::-1])


def test_the_nearer_of_two_squares_covers_the_other() -> None:
    # Given a green square at half the way, right of the near red one
    rgb, near = scene()
    rgb[TOP:BOTTOM, 84:100], near[TOP:BOTTOM, 84:100] = (0, 255, 0), 0.5
    made = warp(rgb, near, 12, still=0)
    # Then red, moved by 12, covers green, moved by 6, from 90 to 92
    row = made[30]
    assert (row[62:92] == RED).all()
    assert (row[92:106] == (0, 255, 0)).all()


@pytest.mark.parametrize("by", [0.5, 2.25, -3.5])
def test_a_surface_moves_by_parts_of_pixels(by: float) -> None:
    ramp = np.tile(np.arange(WIDTH, dtype=np.uint8)[None, :, None], (HEIGHT, 1, 3))
    made = warp(ramp, np.ones((HEIGHT, WIDTH), np.float32), by, still=0).astype(float)
    inside = np.s_[:, 5:-5]
    assert abs(made - (ramp - by))[inside].max() <= 0.55


def test_a_slanted_wall_has_neither_cracks_nor_gaps() -> None:
    ramp = np.tile(np.arange(WIDTH, dtype=np.uint8)[None, :, None] * 2, (HEIGHT, 1, 3))
    near = np.tile(np.linspace(0, 1, WIDTH, dtype=np.float32), (HEIGHT, 1))
    made = warp(ramp, near, 20, still=0).astype(int)
    # the point at x goes to x + 20 x / 119: the ramp is drawn out evenly
    wanted = 2 * np.arange(WIDTH) / (1 + 20 / (WIDTH - 1))
    assert abs(made[:, :, 0] - wanted).max() <= 1


def test_a_surface_without_relief_and_a_column_stay() -> None:
    rgb, _ = scene()
    flat = nearness(np.full((6, 12), 3, np.float32), rgb)
    assert (flat == 0).all()
    np.testing.assert_array_equal(warp(rgb, flat, 9, still=0), rgb)
    column = rgb[:, :1]
    np.testing.assert_array_equal(warp(column, np.ones((HEIGHT, 1), np.float32), 2), column)


def test_strips_make_no_seam() -> None:
    rng = np.random.default_rng(9)
    rgb = rng.integers(0, 256, (600, 40, 3), np.uint8)
    near = np.repeat(rng.random((600, 4)).astype(np.float32), 10, axis=1)
    whole = warp(rgb, near, 6)
    np.testing.assert_array_equal(whole[250:290], warp(rgb[250:290], near[250:290], 6))


def test_rows_of_nearness_are_those_of_the_whole() -> None:
    rng = np.random.default_rng(5)
    rgb, depth = rng.integers(0, 256, (300, 3200, 3), np.uint8), rng.random((20, 32), np.float32)
    whole, some = nearness(depth, rgb), Nearness(depth, rgb)
    strips = [some.rows(top, min(300, top + 70)) for top in range(0, 300, 70)]
    np.testing.assert_array_equal(np.vstack(strips), whole)


def test_blurred_depth_becomes_a_step_where_the_photograph_has_its_edge() -> None:
    # Given the scene at four times the size, and its depth as a network gives it: small, soft
    rgb = np.repeat(np.repeat(scene()[0], 4, 0), 4, 1)

    np.floor_divide(
        rgb, 8, out=rgb, where=rgb[..., :1] == 0
    )  # a dark wall before which the square stands out
    soft = np.zeros((30, 60), np.float32)
    soft[7:23, 25:40] = 1
    soft = np.asarray(soft + np.roll(soft, 1, 1) + np.roll(soft, -1, 1), np.float32) / 3
    # When it is made ready for other views
    near = nearness(soft, rgb)
    # Then a row through the middle is near in the square, far beside it, with hardly a ramp
    row = near[120]
    assert row[LEFT * 4 + 12 : RIGHT * 4 - 12].min() > 0.7
    assert max(row[: LEFT * 4 - 12].max(), row[RIGHT * 4 + 12 :].max()) < 0.3
    assert np.diff(row).max() > 0.5
    assert abs(int(np.diff(row).argmax()) + 1 - LEFT * 4) <= 4


def test_an_outline_that_the_photograph_does_not_show_is_cut_on_its_far_side() -> None:
    # Given a ramp from far to near before one color: nothing says where the edge is
    ramp = np.tile(np.clip((np.arange(60, dtype=np.float32) - 27) / 6, 0, 1), (30, 1))
    row = nearness(ramp, np.full((120, 240, 3), 200, np.uint8))[60]
    # Then it is torn where it leaves the far side, not in its middle, which may be the near thing
    step = int(np.diff(row).argmax())
    assert 20 * 4 <= step < 27 * 4
    assert row[30 * 4] > 0.4
