"""Pictures made of a rendered scene's exact depth; make them anew: `python -m tests.golden.views`.

Look at each before it is committed.
"""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from contract.jobs import ModelInfo
from contract.options import JobOptions
from tests.quality.scenes import ball_on_a_table
from worker.outputs.render import RenderedFile, render
from worker.outputs.view import View

FOLDER = Path(__file__).with_suffix("")
OUTPUTS = (
    "gray",
    "preview",
    "normals",
    "stereo",
    "anaglyph",
    "parallax",
    "cutout",
    "subject",
    "refocus",
    "crops",
)
CROPS = {"aspects": "1:1,16:9"}
NET_SIZE = (96, 128)
_MODEL = ModelInfo(
    name="midas_small", weights_id="w-1", engine="openvino", precision="fp32", net_size=NET_SIZE
)


def files() -> list[RenderedFile]:
    """Return the files of a ball on a table, whose depth is exact, at half of its size."""
    scene = ball_on_a_table()
    disparity = np.asarray(1 / scene.depth, np.float32)
    depth = cv2.resize(disparity, NET_SIZE[::-1], interpolation=cv2.INTER_AREA)
    options = JobOptions.model_validate({"outputs": OUTPUTS, "shift_percent": 6, **CROPS})
    height, width = scene.depth.shape
    return render(View(depth, options, width, height, _MODEL, pixels=scene.rgb)).files


def path_of(file: RenderedFile) -> Path:
    """Return where the golden of `file` lies."""
    return FOLDER / f"{file.output}.{file.extension}"


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for made in files():
        path_of(made).write_bytes(made.data)
