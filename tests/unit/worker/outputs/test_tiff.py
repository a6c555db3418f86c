"""TIFF depth opens in readers that know nothing of depthq, and says what it holds."""

from __future__ import annotations

import io
import json

import cv2
import numpy as np
import pytest
from PIL import Image

from contract.jobs import ModelInfo
from contract.options import JobOptions
from worker.outputs.render import render
from worker.outputs.view import View

MODEL = ModelInfo(
    name="midas_small", weights_id="w-1", engine="openvino", precision="fp32", net_size=(48, 64)
)
DEPTH = np.random.default_rng(7).normal(12, 4, (48, 64)).astype(np.float32)


def tiff_of(depth_format: str, width: int = 64, height: int = 48) -> bytes:
    options = JobOptions.model_validate({"outputs": ["depth"], "depth_format": depth_format})
    (file,) = render(View(DEPTH, options, width, height, MODEL)).files
    assert (file.extension, file.media_type) == ("tif", "image/tiff")
    return file.data


def test_pillow_and_opencv_read_the_same_16_bits() -> None:
    wanted = np.rint((DEPTH - DEPTH.min()) / np.ptp(DEPTH) * 65535)
    data = tiff_of("tiff16")
    by_pillow = np.asarray(Image.open(io.BytesIO(data)))
    by_opencv = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    assert by_pillow.dtype == by_opencv.dtype == np.uint16
    assert abs(by_pillow - wanted).max() <= 1
    np.testing.assert_array_equal(by_pillow, by_opencv)


def test_pillow_and_opencv_read_the_very_floats() -> None:
    data = tiff_of("tiff32")
    np.testing.assert_array_equal(np.asarray(Image.open(io.BytesIO(data))), DEPTH)
    by_opencv = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    np.testing.assert_array_equal(by_opencv, DEPTH)


@pytest.mark.parametrize("depth_format", ["tiff16", "tiff32"])
def test_pictures_of_many_strips_come_whole(depth_format: str) -> None:
    image = Image.open(io.BytesIO(tiff_of(depth_format, 700, 500)))
    assert image.size == (700, 500)
    assert len(image.tag_v2[273]) == 6, "strips of 65536 pixels at most"
    assert np.ptp(np.asarray(image)[-1]) > 0, "the last row is there"


@pytest.mark.parametrize("depth_format", ["tiff16", "tiff32"])
def test_its_description_says_what_it_holds(depth_format: str) -> None:
    said = json.loads(Image.open(io.BytesIO(tiff_of(depth_format))).tag_v2[270])
    assert said["kind"] == "relative-inverse"
    assert (said["min"], said["max"]) == (float(DEPTH.min()), float(DEPTH.max()))
