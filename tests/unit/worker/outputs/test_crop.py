"""Crops have the ratio asked for, hold the whole subject, and stay inside the picture."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

import numpy as np
import pytest
from PIL import Image

from contract.options import JobOptions
from tests.unit.worker.outputs.test_render import MODEL
from tests.unit.worker.outputs.test_subject import two_discs
from worker.outputs.encoding.crops import crop
from worker.outputs.render import render
from worker.outputs.view import View

RATIOS = (1, 4 / 5, 16 / 9, 9 / 16, 99, 1 / 99)
SIZES = ((640, 480), (480, 640), (4000, 3000), (7, 5), (1, 1), (1, 900), (900, 1))


@pytest.mark.parametrize("zoom", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("size", SIZES)
def test_no_crop_leaves_the_picture_and_whole_says_whether_the_subject_is_in_it(
    size: tuple[int, int], zoom: float
) -> None:
    rng = np.random.default_rng(5)
    for _ in range(200):
        (left, right), (top, bottom) = np.sort(rng.random((2, 2)), axis=1)
        subject = float(left), float(top), float(right), float(bottom)
        for ratio in RATIOS:
            box = crop(subject, ratio, zoom, *size)
            assert 0 <= box.left <= box.left + box.width <= size[0]
            assert 0 <= box.top <= box.top + box.height <= size[1]
            assert box.width >= 1
            assert box.height >= 1
            inside = (
                box.left <= left * size[0]
                and right * size[0] <= box.left + box.width
                and box.top <= top * size[1]
                and bottom * size[1] <= box.top + box.height
            )
            assert box.whole == inside


@pytest.mark.parametrize("zoom", [0.0, 1.0])
@pytest.mark.parametrize("ratio", RATIOS[:4])
def test_the_subject_is_whole_wherever_the_ratio_allows_it(ratio: float, zoom: float) -> None:
    rng = np.random.default_rng(6)
    for _ in range(300):
        x, y, w, h = rng.random(4) * (1, 1, 0.5, 0.4)
        subject = min(x, 1 - w), min(y, 1 - h), min(x, 1 - w) + w, min(y, 1 - h) + h
        largest = min(1600, 1200 * ratio)
        if w * 1600 < largest - 3 and h * 1200 < largest / ratio - 3:
            assert crop(subject, ratio, zoom, 1600, 1200).whole


def test_crops_are_the_largest_or_close_around_the_subject() -> None:
    subject = 0.6, 0.4, 0.7, 0.6  # 100 x 100 px of 1000 x 500
    wide = crop(subject, 1.0, 0.0, 1000, 500)
    assert (wide.left, wide.top, wide.width, wide.height) == (400, 0, 500, 500)
    close = crop(subject, 1.0, 1.0, 1000, 500)
    assert (close.left, close.top, close.width, close.height) == (592, 192, 116, 116)


def test_of_a_subject_too_tall_the_upper_part_is_kept() -> None:
    box = crop((0.3, 0.1, 0.7, 1.0), 16 / 9, 0.0, 900, 1600)
    assert (box.whole, box.top, box.width, box.height) == (False, 160, 900, 506)


def view(**options: Any) -> View:
    y, x = np.mgrid[0:480, 0:640]
    rgb = np.dstack([x // 4, y // 2, np.zeros_like(x)]).astype(np.uint8)
    return View(two_discs(), JobOptions.model_validate(options), 640, 480, MODEL, pixels=rgb)


def test_the_boxes_are_fractions_and_pixels_around_the_subject() -> None:
    (file,) = render(view(outputs=["crop"], aspects="1:1,9:16")).files
    assert (file.media_type, file.extension, file.width) == ("application/json", "json", None)
    said = json.loads(file.data)
    assert (said["width"], said["height"], said["subject"]["clear"]) == (640, 480, True)
    assert list(said["crops"]) == ["1:1", "9:16"]
    square = said["crops"]["1:1"]
    left = square["px"]["x"]
    assert left == pytest.approx(10, abs=2)  # the subject's middle is 250 px from the left
    assert square["px"] == {"x": left, "y": 0, "width": 480, "height": 480}
    assert square["box"]["left"] == pytest.approx(left / 640, abs=1e-6)
    assert square["box"]["right"] == pytest.approx((left + 480) / 640, abs=1e-6)
    assert (square["box"]["top"], square["box"]["bottom"]) == (0, 1)
    assert square["whole"] is True


def test_another_subject_has_other_crops() -> None:
    (file,) = render(view(outputs=["crop"], aspects="1:1", at="0.8,0.42")).files
    assert json.loads(file.data)["crops"]["1:1"]["px"]["x"] == 160


def test_the_pictures_are_those_of_the_boxes_and_the_same_every_time() -> None:
    (first,), (again,) = (render(view(outputs=["crops"])).files for _ in range(2))
    assert first.data == again.data
    assert (first.media_type, first.extension) == ("application/zip", "zip")
    archive = zipfile.ZipFile(io.BytesIO(first.data))
    assert archive.namelist() == ["1x1.jpg", "4x5.jpg", "16x9.jpg", "9x16.jpg", "crops.json"]
    boxes = json.loads(archive.read("crops.json"))["crops"]
    for ratio, box in boxes.items():
        px = box["px"]
        image = Image.open(io.BytesIO(archive.read(ratio.replace(":", "x") + ".jpg")))
        assert image.size == (px["width"], px["height"])
        corner = np.asarray(image)[2, 2].astype(int)  # its color says where it was cut out
        assert abs(corner - ((px["x"] + 2) // 4, (px["y"] + 2) // 2, 0)).max() <= 8
