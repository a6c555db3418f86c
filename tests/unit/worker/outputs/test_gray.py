"""`gray` is one channel of 8 bits, near white, whatever the heat map is asked to look like."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

from contract.jobs import ModelInfo
from contract.options import JobOptions
from worker.outputs.render import RenderedFile, render
from worker.outputs.view import View

MODEL = ModelInfo(
    name="midas_small", weights_id="w-1", engine="openvino", precision="fp32", net_size=(2, 256)
)
RAMP = np.tile(np.arange(256, dtype=np.float32) * 3 - 50, (2, 1))


def gray_of(**options: object) -> RenderedFile:
    asked = JobOptions.model_validate({"outputs": ["gray"], "size": "model", **options})
    (file,) = render(View(RAMP, asked, 512, 4, MODEL)).files
    return file


def test_far_is_black_near_is_white_and_all_256_levels_are_used() -> None:
    file = gray_of()
    image = Image.open(io.BytesIO(file.data))
    assert (file.media_type, image.mode, image.size) == ("image/png", "L", (256, 2))
    np.testing.assert_array_equal(np.asarray(image)[0], np.arange(256))


def test_options_of_the_heat_map_leave_it_as_it_is() -> None:
    assert gray_of(invert=True, colormap="turbo").data == gray_of().data
