"""The sheet holds the photograph, the heat map and a legend whose near end is at the top."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from contract.jobs import ModelInfo
from contract.options import JobOptions
from worker.outputs.encoding.guided import guided_upsample
from worker.outputs.heatmap import Shades, heatmap
from worker.outputs.preview import MOST_SIDE_PX, Sheet
from worker.outputs.render import render
from worker.outputs.view import View

MODEL = ModelInfo(
    name="midas_small", weights_id="w-1", engine="openvino", precision="fp32", net_size=(48, 64)
)
DEPTH = np.tile(np.linspace(3, 8, 64, dtype=np.float32), (48, 1))


def sheet_of(width: int, height: int, **options: Any) -> NDArray[np.uint8]:
    rgb = np.full((height, width, 3), (30, 120, 210), np.uint8)
    asked = JobOptions.model_validate({"outputs": ["preview"], **options})
    (file,) = render(View(DEPTH, asked, width, height, MODEL, pixels=rgb)).files
    image = Image.open(io.BytesIO(file.data))
    assert (image.format, image.size) == ("JPEG", (file.width, file.height))
    return np.asarray(image).astype(int)


@pytest.mark.parametrize("invert", [False, True])
@pytest.mark.parametrize("colormap", ["inferno", "gray", "turbo"])
def test_each_thing_stands_in_its_place(colormap: str, invert: bool) -> None:
    sheet = sheet_of(400, 300, colormap=colormap, invert=invert)
    margin, bar = 13, 13
    # the photograph
    assert abs(sheet[150, 200] - (30, 120, 210)).max() < 8
    # the heat map: its nearest and farthest columns have the colors of the legend's ends
    left, right = sheet[150, 400 + 2 * margin + 8], sheet[150, 800 + 2 * margin - 8]
    legend = sheet[:, 800 + 3 * margin + bar // 2]
    near, far = legend[margin + 6], legend[margin + 300 - 6]
    assert abs(right - near).max() < 45
    assert abs(left - far).max() < 45
    assert abs(near - far).max() > 80
    # and depth in the middle has the color of the legend's middle
    assert abs(sheet[150, 600 + 2 * margin] - legend[margin + 150]).max() < 45


def test_the_heat_map_is_that_of_the_heat_map_output() -> None:
    sheet = sheet_of(400, 300)
    rgb = np.full((300, 400, 3), (30, 120, 210), np.uint8)
    wanted = heatmap(guided_upsample(DEPTH, rgb), 3, 8, Shades("inferno"), 400, 300)[:, :, ::-1]
    assert abs(sheet[13:313, 426:826] - wanted).mean() < 3


def test_words_are_written_in_the_legend_and_below() -> None:
    sheet = sheet_of(400, 300)
    ink = sheet.max(axis=2) < 110
    assert ink[13:30, 856:].sum() > 20, "near"
    assert ink[295:314, 856:].sum() > 20, "far"
    assert ink[326:, 13:120].sum() > 50, "photograph"
    assert ink[326:, 426:700].sum() > 100, "relative depth"
    assert not ink[30:295, 856:].any()
    # nothing is cut off at the borders
    assert (sheet[-3:] > 245).all()
    assert (sheet[:, -3:] > 245).all()


def test_a_large_photograph_becomes_a_sheet_that_can_be_sent() -> None:
    sheet = sheet_of(5000, 2500)
    assert MOST_SIDE_PX * 2 < sheet.shape[1] < MOST_SIDE_PX * 2 + 250
    assert sheet.shape[0] < 760


@pytest.mark.parametrize("size", [(1, 1), (1, 3000), (3000, 1), (30, 40)])
def test_extreme_sizes_have_a_sheet(size: tuple[int, int]) -> None:
    sheet = sheet_of(*size)
    assert sheet.shape[0] >= 120
    assert (sheet[-3:] > 245).all()


def test_the_sheet_is_the_sum_of_its_parts() -> None:
    assert Sheet(400, 300, 13, 13, 30).size == (800 + 13 + 30 + 65, 300 + 39 + 13)
