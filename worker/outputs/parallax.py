"""A loop in which the camera sways from side to side and back, as animated WebP or MP4."""

from __future__ import annotations

import io
import math

import numpy as np
from PIL import Image

from contract.outputs.parallax import ParallaxOptions
from contract.outputs.shift import ShiftOptions
from worker.outputs.encoding.movie import encode_movie
from worker.outputs.encoding.origin import origin_of
from worker.outputs.encoding.warp import nearness, warp
from worker.outputs.photograph import Pixels, fitted, photograph
from worker.outputs.view import Rendering, View

MOST_SIDE_PX = 640  # a loop to look at, of a megabyte or so
FRAMES = 32  # of one sway there and back
FRAME_MS = 66
SWAYS = 4  # of a movie, which does not repeat itself everywhere
_QUALITY, _EFFORT = 78, 2  # WebP's: 4 is its default, takes twice as long and saves little


def render(view: View) -> Rendering:
    """Return the loop as one file. Raises NotInstalled for `mp4` without the extra `video`."""
    way = frames(view)
    loop = [*way, *way[-2:0:-1]]
    if view.options.of(ParallaxOptions).parallax_format == "mp4":
        data, width, height = encode_movie(loop * SWAYS, FRAME_MS, origin_of(view.model))
        return Rendering(data, (width, height))
    return _animated(loop)


def _animated(loop: list[Pixels]) -> Rendering:
    pictures = [Image.fromarray(pixels) for pixels in loop]
    file = io.BytesIO()
    pictures[0].save(
        file,
        "WEBP",
        save_all=True,
        append_images=pictures[1:],
        duration=FRAME_MS,
        loop=0,
        quality=_QUALITY,
        method=_EFFORT,
    )
    return Rendering(file.getvalue(), pictures[0].size)


def frames(view: View) -> list[Pixels]:
    """Return the pictures of the way there; those of the way back are the same.

    Their borders are cut off by as much as the views move there.
    """
    rgb = fitted(photograph(view), MOST_SIDE_PX)
    width = rgb.shape[1]
    near = nearness(view.depth, rgb)
    half_px = view.options.of(ShiftOptions).shift_percent / 100 * width / 2
    cut = math.ceil(half_px / 2)
    kept = np.s_[:, cut : width - cut] if width > 2 * cut else np.s_[:, :]
    return [np.ascontiguousarray(warp(rgb, near, half_px * sway)[kept]) for sway in sways()]


def sways() -> list[float]:
    """Return where the camera is on its way from one side (-1) to the other (1).

    Slow at the ends, as a pendulum is; on the way back it is at the same places.
    """
    half = FRAMES // 2
    return [-math.cos(math.pi * i / half) for i in range(half + 1)]
