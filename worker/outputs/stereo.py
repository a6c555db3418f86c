"""A view for each eye, side by side, made from one photograph."""

from __future__ import annotations

import numpy as np

from contract.outputs.shift import ShiftOptions
from contract.outputs.stereo import StereoOptions
from worker.outputs.encoding.jpeg import encode_jpeg
from worker.outputs.encoding.warp import nearness, warp
from worker.outputs.photograph import Pixels, photograph, scaled
from worker.outputs.view import Rendering, View

_QUALITY = 92


def render(view: View) -> Rendering:
    """Return both views as one JPEG."""
    options = view.options.of(StereoOptions)
    left, right = eyes(view)
    first, second = (left, right) if options.stereo_eyes == "parallel" else (right, left)
    both = np.hstack([first, second])
    if options.stereo_width == "half":
        both = scaled(both, *view.size)
    return Rendering(encode_jpeg(both, _QUALITY), (both.shape[1], both.shape[0]))


def eyes(view: View) -> tuple[Pixels, Pixels]:
    """Return the left and the right eye's view at `view.size`.

    The photograph lies between them, so that each gap is half as wide. What is half as near as
    the nearest stays in the plane of the screen.
    """
    rgb = photograph(view)
    near = nearness(view.depth, rgb)
    half_px = view.options.of(ShiftOptions).shift_percent / 100 * rgb.shape[1] / 2
    return warp(rgb, near, half_px), warp(rgb, near, -half_px)
