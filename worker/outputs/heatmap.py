"""Depth as a picture: near is the upper end of the colormap (bright for gray and inferno)."""

from __future__ import annotations

import functools
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from contract.outputs.heatmap import HeatmapOptions
from worker.outputs.encoding.picture_files import encoded
from worker.outputs.encoding.png import encode_png
from worker.outputs.encoding.quantise import quantise
from worker.outputs.encoding.upsample import Floats
from worker.outputs.view import Rendering, View

Pixels = NDArray[np.uint8]

GRAY = "gray"  # no table: the code is the shade
_QUALITY = 90


def render(view: View) -> Rendering:
    """Return the heat map; its colors span the range that several images share, or its own."""
    options = view.options.of(HeatmapOptions)
    ends = view.shared_range or view.net_range
    depth = view.values if view.guided else view.depth
    shades = Shades(options.colormap, options.invert)
    pixels = heatmap(depth, *ends, shades, *view.size)
    return Rendering(encode_heatmap(pixels, options.heatmap_format), view.size)


@functools.cache  # OpenCV computes it anew on each call, which takes longer than a small picture
def colormap_table(name: str) -> NDArray[np.uint8]:
    """Return the 256 BGR colors, uint8 (256, 1, 3), of a colormap of contract.options."""
    ramp = np.arange(256, dtype=np.uint8)[:, None]
    table: NDArray[np.uint8] = cv2.applyColorMap(ramp, getattr(cv2, f"COLORMAP_{name.upper()}"))
    return table


@dataclass(frozen=True)
class Shades:
    """How depth becomes color: a colormap of contract.options, and whether far is its upper end."""

    colormap: str
    inverted: bool = False

    def paint(self, codes: Pixels) -> Pixels:
        """Return `codes`, uint8 (h, w), in color: BGR (h, w, 3), or (h, w) where that is gray."""
        if self.inverted:
            codes = 255 - codes
        if self.colormap == GRAY:
            return codes
        colored: Pixels = cv2.applyColorMap(codes, colormap_table(self.colormap))
        return colored


def heatmap(
    depth: Floats, low: float, high: float, shades: Shades, width: int, height: int
) -> Pixels:
    """Return `depth` painted, uint8 (height, width[, 3]); `low` and `high` span the colormap.

    Quantised before it is resized: a quarter of the bytes, and at most one of 256 levels off.
    """
    codes = quantise(depth, low, high, np.uint8)
    if codes.shape != (height, width):
        codes = cv2.resize(codes, (width, height), interpolation=cv2.INTER_CUBIC)
    return shades.paint(codes)


def encode_heatmap(pixels: Pixels, file_format: str) -> bytes:
    """Return gray or BGR `pixels` as a file of the format (`jpg`, `png` or `webp`)."""
    if file_format == "png":
        return encode_png(pixels if pixels.ndim == 2 else cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB))
    if file_format == "webp":  # which has no gray
        pixels = cv2.cvtColor(pixels, cv2.COLOR_GRAY2BGR) if pixels.ndim == 2 else pixels
        return encoded(".webp", pixels, (cv2.IMWRITE_WEBP_QUALITY, _QUALITY))
    return encoded(".jpg", pixels, (cv2.IMWRITE_JPEG_QUALITY, _QUALITY))
