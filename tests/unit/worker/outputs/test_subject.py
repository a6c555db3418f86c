"""The subject is found by depth, or where it is pointed at; edges are the photograph's; no halo."""

from __future__ import annotations

import io
import json
from functools import cache
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image

from contract.options import JobOptions
from tests.quality.scenes import SCENES
from tests.unit.worker.outputs.test_render import MODEL
from worker.outputs.encoding.foreground import foreground_and_background
from worker.outputs.encoding.matting import matte
from worker.outputs.encoding.subject import find_subject
from worker.outputs.render import render
from worker.outputs.view import View

FLAT = np.full((48, 64), 7, np.float32)


def two_discs() -> np.ndarray[Any, Any]:
    """Depth 192 x 256 of a floor, a near disc left of the middle and a farther one at the right."""
    y, x = np.mgrid[0:192, 0:256]
    depth = np.maximum(0, (y - 96) / 96) * 0.5
    depth[np.hypot(x - 205, y - 80) < 22] = 0.6
    depth[np.hypot(x - 100, y - 90) < 40] = 0.9
    return depth.astype(np.float32)


def overlap(mask: np.ndarray[Any, Any], true: np.ndarray[Any, Any]) -> float:
    return float((mask & true).sum() / (mask | true).sum())


def near_disc() -> np.ndarray[Any, Any]:
    return two_discs() == np.float32(0.9)


def test_the_near_compact_thing_is_the_subject() -> None:
    found = find_subject(two_discs())
    assert found.clear
    assert overlap(found.mask, near_disc()) > 0.95
    assert found.box == pytest.approx((60 / 256, 50 / 192, 140 / 256, 130 / 192), abs=0.02)


def test_the_thing_pointed_at_is_the_subject() -> None:
    found = find_subject(two_discs(), (205 / 256, 80 / 192))
    assert found.clear
    assert overlap(found.mask, two_discs() == np.float32(0.6)) > 0.95


def test_a_point_where_nothing_stands_out_gives_what_is_as_near_and_no_clear_subject() -> None:
    found = find_subject(two_discs(), (0.9, 0.05))
    assert not found.clear
    assert found.mask[9, 230]
    assert not found.mask[near_disc()].any()


def test_a_ball_on_a_table_is_found_though_the_table_is_nearer() -> None:
    depth = (1 / SCENES["ball"]().depth).astype(np.float32)
    found = find_subject(depth)
    assert found.clear
    y, x = np.nonzero(found.mask)
    assert (x.mean() / 256, y.mean() / 192) == pytest.approx((0.545, 0.48), abs=0.03)
    assert 0.012 < found.mask.mean() < 0.025


@pytest.mark.parametrize("name", ["corridor", "street"])
def test_a_corridor_and_a_street_have_no_clear_subject(name: str) -> None:
    assert not find_subject((1 / SCENES[name]().depth).astype(np.float32)).clear


@pytest.mark.parametrize("at", [None, (1.0, 1.0), (0.0, 0.0)])
@pytest.mark.parametrize("depth", [FLAT, FLAT[:1, :1], FLAT[:1], FLAT[:, :1]])
def test_even_depth_has_no_clear_subject_and_all_is_masked(
    depth: np.ndarray[Any, Any], at: tuple[float, float] | None
) -> None:
    found = find_subject(depth, at)
    assert not found.clear
    assert found.mask.all()
    assert found.box == (0, 0, 1, 1)


def red_disc(width: int, height: int, soft_px: float) -> tuple[Any, Any]:
    """A red disc before green, its edge `soft_px` wide, and its true alpha, 0…1."""
    y, x = np.mgrid[0:height, 0:width]
    radius, center = 0.2 * width, (100 / 256 * width, 90 / 192 * height)
    alpha = np.clip(0.5 - (np.hypot(x - center[0], y - center[1]) - radius) / soft_px, 0, 1)
    share = alpha[:, :, None]
    return np.rint(share * (200, 20, 20) + (1 - share) * (20, 160, 40)).astype(np.uint8), alpha


def coarse_depth() -> np.ndarray[Any, Any]:
    """Depth of that disc, as coarse and soft as a network gives it, and half a pixel off."""
    y, x = np.mgrid[0:96, 0:128]
    disc = (np.hypot(x - 50, y - 45) < 25.6).astype(np.float32)
    return cv2.GaussianBlur(disc, (0, 0), 1.5)


def test_alpha_is_as_soft_as_the_photographs_edge_and_lies_on_it() -> None:
    rgb, true = red_disc(512, 384, 6)
    alpha = matte(find_subject(coarse_depth()).mask, rgb) / 255
    assert abs(alpha - true).mean() < 0.01
    edge = (true > 0.1) & (true < 0.9)
    assert abs(alpha - true)[edge].mean() < 0.2


def test_large_pictures_have_the_same_alpha() -> None:
    rgb, true = red_disc(1536, 1152, 12)
    alpha = matte(find_subject(coarse_depth()).mask, rgb) / 255
    assert abs(alpha - true).mean() < 0.01


def test_the_foreground_of_a_mixed_pixel_is_the_subjects_own_color() -> None:
    rgb, alpha = red_disc(128, 96, 8)
    front, back = foreground_and_background(rgb.astype(np.float32) / 255, alpha.astype(np.float32))
    mixed = (alpha > 0.1) & (alpha < 0.9)
    assert abs(front[mixed] * 255 - (200, 20, 20)).max() < 12
    assert abs(back[mixed] * 255 - (20, 160, 40)).max() < 12


@cache
def rendered(output: str, size: tuple[int, int] = (512, 384), **options: Any) -> Image.Image:
    rgb, _ = red_disc(*size, 6)
    asked = JobOptions.model_validate({"outputs": [output], **options})
    (file,) = render(View(coarse_depth(), asked, *size, MODEL, pixels=rgb)).files
    image = Image.open(io.BytesIO(file.data))
    assert (file.media_type, file.width, file.height) == ("image/png", *image.size)
    return image


def test_a_cutout_before_white_shows_no_halo_of_the_old_background() -> None:
    # Given a cutout, and the same with the photograph's colors where it is half transparent
    cutout = rendered("cutout")
    assert (cutout.mode, cutout.size) == ("RGBA", (512, 384))
    careless = Image.fromarray(red_disc(512, 384, 6)[0])
    careless.putalpha(cutout.getchannel("A"))
    # When both are laid on white; between red (200, 20, 20) and white green is never above blue
    halo, careless_halo = (greenest(picture) for picture in (cutout, careless))
    # Then of the 120 that the background had, only the careless one shows much
    assert halo <= 20
    assert careless_halo > 30
    assert (np.asarray(cutout)[180, 200] == (200, 20, 20, 255)).all()


def greenest(picture: Image.Image) -> int:
    """Return by how much green is above blue at most, on white."""
    white = Image.new("RGBA", picture.size, (255, 255, 255, 255))
    white.alpha_composite(picture)
    seen = np.asarray(white.convert("RGB")).astype(int)
    return int((seen[:, :, 1] - seen[:, :, 2]).max())


def test_what_is_transparent_holds_no_color() -> None:
    pixels = np.asarray(rendered("cutout"))
    clear = pixels[:, :, 3] == 0
    assert clear.mean() > 0.5
    assert not pixels[clear].any()


def test_the_mask_is_the_cutouts_alpha() -> None:
    mask = rendered("subject")
    assert mask.mode == "L"
    assert (np.asarray(mask) == np.asarray(rendered("cutout"))[:, :, 3]).all()


@pytest.mark.parametrize("output", ["subject", "cutout"])
def test_files_say_where_the_subject_is_and_whether_it_is_clear(output: str) -> None:
    said = json.loads(rendered(output).text["depthq"])["subject"]
    assert said["clear"] is True
    assert said["box"]["left"] == pytest.approx(0.2, abs=0.03)
    assert said["box"]["right"] == pytest.approx(0.6, abs=0.03)
    nothing = json.loads(rendered(output, at="0.95,0.95").text["depthq"])["subject"]
    assert nothing["clear"] is False


def test_at_the_networks_size_pictures_have_that_size() -> None:
    assert rendered("cutout", size=(500, 375)).size == (500, 375)
    asked = JobOptions.model_validate({"outputs": ["cutout", "subject"], "size": "model"})
    rgb, _ = red_disc(512, 384, 6)
    files = render(View(coarse_depth(), asked, 512, 384, MODEL, pixels=rgb)).files
    assert {(file.width, file.height) for file in files} == {(128, 96)}


@pytest.mark.parametrize("size", [(1, 1), (1, 300), (300, 1), (2, 2)])
@pytest.mark.parametrize("output", ["subject", "cutout", "crops", "refocus"])
def test_extreme_sizes_render(size: tuple[int, int], output: str) -> None:
    rgb = np.full((size[1], size[0], 3), 99, np.uint8)
    asked = JobOptions.model_validate({"outputs": [output]})
    assert render(View(coarse_depth(), asked, *size, MODEL, pixels=rgb)).files[0].data
