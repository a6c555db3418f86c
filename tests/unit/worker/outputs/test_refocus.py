"""Blur by depth: no halo around what is sharp, near blur beyond its edge, highlights kept."""

from __future__ import annotations

import io
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image

from contract.options import JobOptions
from tests.unit.worker.outputs.test_render import MODEL
from worker.outputs.encoding import lens as lens_module
from worker.outputs.encoding.edges import with_hard_edges
from worker.outputs.encoding.guided import guided_upsample
from worker.outputs.encoding.lens import Aperture, _codes, _light, refocused
from worker.outputs.render import render
from worker.outputs.view import View

WIDTH, HEIGHT = 480, 360
RED, GREEN = (200, 20, 20), (20, 160, 40)


def away() -> np.ndarray[Any, Any]:
    """Distance of each pixel from the disc's edge, in px; negative inside."""
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
    return np.hypot(x - 240, y - 180) - 90


def disc_before_wall() -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """A red disc, its edge one pixel soft, before a green wall; and exact depth, 1 and 0."""
    share = np.clip(0.5 - away(), 0, 1)[:, :, None]
    rgb = np.rint(share * RED + (1 - share) * GREEN).astype(np.uint8)
    return rgb, (away() < 0).astype(np.float32)


def test_a_sharp_red_disc_leaves_no_red_in_the_blurred_green_wall() -> None:
    rgb, depth = disc_before_wall()
    made = refocused(rgb, depth, Aperture(focus=1.0, px_per_depth=14))
    wall, disc = away() > 1.5, away() < -1.5
    assert abs(made[wall].astype(int) - GREEN).max() <= 3
    assert (made[disc] == RED).all()


def test_depth_as_soft_as_a_networks_leaves_no_halo_either() -> None:
    # Given depth of a fifth of the size, its edge drawn over several pixels
    rgb, depth = disc_before_wall()
    small = cv2.resize(depth, (96, 72), interpolation=cv2.INTER_AREA)
    small = cv2.GaussianBlur(small, (0, 0), 1.2)
    # When the wall is blurred by it
    hard = with_hard_edges(guided_upsample(small, rgb), small.shape)
    made = refocused(rgb, hard, Aperture(focus=1.0, px_per_depth=14)).astype(int)
    # Then from one of the network's pixels (5 px here) beside the edge on, both keep their color
    assert abs(made[away() > 5] - GREEN).max() <= 12
    assert abs(made[away() < -6] - RED).max() <= 20


def test_a_near_disc_out_of_focus_spreads_over_the_sharp_wall_behind_it() -> None:
    rgb, depth = disc_before_wall()
    made = refocused(rgb, depth, Aperture(focus=0.0, px_per_depth=16)).astype(int)
    beside = (away() > 5) & (away() < 7)
    far = away() > 20
    assert (made[beside][:, 0] > GREEN[0] + 40).all()  # red beyond the disc's edge
    assert abs(made[far] - GREEN).max() <= 1  # and none where it cannot reach
    inside = (away() < -5) & (away() > -7)
    assert (made[inside][:, 1] > RED[1] + 10).all()  # the wall, filled, shows through the rim
    assert abs(made[away() < -24] - RED).max() <= 2


def test_a_slope_is_blurred_without_bands() -> None:
    # Given a gray floor that comes nearer from top to bottom
    rgb = np.full((HEIGHT, WIDTH, 3), 120, np.uint8)
    depth = np.repeat(np.linspace(0, 1, HEIGHT, dtype=np.float32)[:, None], WIDTH, axis=1)
    made = refocused(rgb, depth, Aperture(focus=0.5, px_per_depth=30))
    assert (abs(made.astype(int) - 120) <= 1).all()


def test_a_highlight_becomes_a_bright_disc_with_a_rim() -> None:
    rgb = np.full((101, 101, 3), 10, np.uint8)
    rgb[48:53, 48:53] = 255
    made = refocused(rgb, np.zeros((101, 101), np.float32), Aperture(focus=1.0, px_per_depth=10))
    plain = cv2.filter2D(rgb, -1, lens_module.disc(10.0))  # of codes: what a simple blur does
    assert made[50, 50, 0] > 2 * plain[50, 50, 0]
    assert abs(int(made[50, 50, 0]) - int(made[50, 56, 0])) <= 6  # as bright near its rim
    assert made[50, 66, 0] <= 11


def test_what_is_in_focus_stays_as_it_is_to_the_last_code() -> None:
    rgb = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
    assert (_codes(_light(rgb)[:, :, :3]) == rgb).all()
    flat = np.full((64, 64), 3.0, np.float32)
    assert (refocused(rgb, flat, Aperture(focus=3.0, px_per_depth=20)) == rgb).all()


def test_tiles_leave_no_seam(monkeypatch: pytest.MonkeyPatch) -> None:
    rgb = np.random.default_rng(1).integers(0, 256, (HEIGHT, WIDTH, 3), np.uint8)
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
    depth = (y / HEIGHT * 0.7 + x / WIDTH * 0.3).astype(np.float32)
    lens = Aperture(focus=0.2, px_per_depth=9)
    whole = refocused(rgb, depth, lens).astype(int)
    monkeypatch.setattr(lens_module, "TILE_PX", 64)
    assert abs(refocused(rgb, depth, lens).astype(int) - whole).max() <= 2


def view(**options: Any) -> View:
    rgb, depth = disc_before_wall()
    small = cv2.resize(depth, (96, 72), interpolation=cv2.INTER_AREA) * 5 + 2
    return View(
        small,
        JobOptions.model_validate({"outputs": ["refocus"], "f_number": 1.4, **options}),
        WIDTH,
        HEIGHT,
        MODEL,
        pixels=np.where((np.indices(rgb.shape[:2]).sum(0) % 8 < 4)[:, :, None], rgb, rgb // 2),
    )


def contrast(made: np.ndarray[Any, Any], where: np.ndarray[Any, Any]) -> float:
    return float(made[where].max(axis=1).std())


@pytest.mark.parametrize(
    ("options", "sharp_disc"),
    [({}, True), ({"focus": "0.5,0.5"}, True), ({"focus": "0.05,0.95"}, False)],
)
def test_the_subject_is_in_focus_or_the_point_asked_for(
    options: dict[str, str], sharp_disc: bool
) -> None:
    (file,) = render(view(**options)).files
    assert (file.media_type, file.width, file.height) == ("image/jpeg", WIDTH, HEIGHT)
    made = np.asarray(Image.open(io.BytesIO(file.data)))
    disc, wall = contrast(made, away() < -30), contrast(made, away() > 30)
    assert (disc > 3 * wall) if sharp_disc else (wall > 3 * disc)


def test_a_smaller_f_number_blurs_more() -> None:
    files = [render(view(f_number=f)).files[0].data for f in (5.6, 11.0, 32.0)]
    made = [np.asarray(Image.open(io.BytesIO(data))) for data in files]
    wide, middle, narrow = (contrast(picture, away() > 30) for picture in made)
    assert wide < 0.7 * middle < 0.6 * narrow
