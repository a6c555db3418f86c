"""Depth as a picture for people: near is the upper end of the colormap (bright for inferno)."""

from __future__ import annotations

import functools

import cv2
import numpy as np
from numpy.typing import NDArray

from contract.errors import InternalError
from worker.outputs.encoding.png import encode_png
from worker.outputs.encoding.quantise import quantise
from worker.outputs.encoding.upsample import Floats

_QUALITY = 90


@functools.cache  # OpenCV computes it anew on each call, which takes longer than a small picture
def colormap_table(name: str) -> NDArray[np.uint8]:
    """Return the 256 BGR colors, uint8 (256, 1, 3), of a colormap of contract.options."""
    ramp = np.arange(256, dtype=np.uint8)[:, None]
    table: NDArray[np.uint8] = cv2.applyColorMap(ramp, getattr(cv2, f"COLORMAP_{name.upper()}"))
    return table


def heatmap(
    depth: Floats, low: float, high: float, colormap: str, width: int, height: int
) -> NDArray[np.uint8]:
    """Return `depth` in color, BGR uint8 (height, width, 3); `low` and `high` span the colormap.

    Quantised before it is resized: a quarter of the bytes, and at most one of 256 levels off.
    """
    codes = quantise(depth, low, high, np.uint8)
    if codes.shape != (height, width):
        codes = cv2.resize(codes, (width, height), interpolation=cv2.INTER_CUBIC)
    colored: NDArray[np.uint8] = cv2.applyColorMap(codes, colormap_table(colormap))
    return colored


def encode_heatmap(pixels: NDArray[np.uint8], file_format: str) -> bytes:
    """Return BGR `pixels` as a file of the format (`jpg`, `png` or `webp`)."""
    if file_format == "png":
        return encode_png(cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB))
    if file_format == "webp":
        return _encode(".webp", pixels, (cv2.IMWRITE_WEBP_QUALITY, _QUALITY))
    return _encode(".jpg", pixels, (cv2.IMWRITE_JPEG_QUALITY, _QUALITY))


def _encode(extension: str, pixels: NDArray[np.uint8], settings: tuple[int, ...]) -> bytes:
    """Return `pixels` encoded by OpenCV. Raises InternalError if it cannot."""
    try:
        done, data = cv2.imencode(extension, pixels, settings)
    except cv2.error as exc:
        raise InternalError(f"the {extension} encoder refused {pixels.shape}: {exc}") from exc
    if not done:
        raise InternalError(f"the {extension} encoder refused an image of {pixels.shape}")
    return bytes(data)
