"""A view for each eye, side by side, made from one photograph."""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np

from contract.outputs.shift import ShiftOptions
from contract.outputs.stereo import StereoOptions
from worker.outputs.encoding.jpeg import encode_bgr_jpeg
from worker.outputs.encoding.warp import STRIP_ROWS, Nearness, warp
from worker.outputs.photograph import Pixels, photograph, scaled
from worker.outputs.view import Rendering, View

_QUALITY = 92


def render(view: View) -> Rendering:
    """Return both views as one JPEG, made a few rows at a time."""
    options = view.options.of(StereoOptions)
    width, height = view.size
    both_width = width if options.stereo_width == "half" else 2 * width
    both = np.empty((height, both_width, 3), np.uint8)
    for top, left, right in eyes(view):
        pair = [left, right] if options.stereo_eyes == "parallel" else [right, left]
        rows = both[top : top + len(left)]
        rows[:] = cv2.cvtColor(scaled(np.hstack(pair), both_width, len(left)), cv2.COLOR_RGB2BGR)
    return Rendering(encode_bgr_jpeg(both, _QUALITY), (both_width, height))


def eyes(view: View) -> Iterator[tuple[int, Pixels, Pixels]]:
    """Yield the number of a row, and the left and the right eye's view at `view.size` from it on.

    The photograph lies between them, so that each gap is half as wide. What is half as near as
    the nearest stays in the plane of the screen.
    """
    rgb = photograph(view)
    near = Nearness(view.depth, rgb)
    half_px = view.options.of(ShiftOptions).shift_percent / 100 * rgb.shape[1] / 2
    for top in range(0, len(rgb), STRIP_ROWS):
        strip = rgb[top : top + STRIP_ROWS]
        close = near.rows(top, top + len(strip))
        yield top, warp(strip, close, half_px), warp(strip, close, -half_px)
