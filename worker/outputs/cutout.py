"""The subject with its own colors and transparency: RGBA, straight alpha."""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

from worker.outputs.encoding.about_subject import as_text
from worker.outputs.encoding.foreground import foreground_and_background
from worker.outputs.encoding.matting import rows_of, work_size
from worker.outputs.encoding.png import encode_png_strips
from worker.outputs.view import Rendering, View

Pixels = NDArray[np.uint8]
_STRIP_ROWS = 256


def render(view: View) -> Rendering:
    """Return the cutout as PNG; what is transparent has no color, so nothing hides in it."""
    rgb, alpha = view.photograph, view.alpha
    shape = (*alpha.shape, 4)
    strips = _strips(rgb, alpha)
    data = encode_png_strips(shape, np.dtype(np.uint8), strips, as_text(view.subject))
    return Rendering(data, view.size)


def _strips(rgb: Pixels, alpha: Pixels) -> Iterator[Pixels]:
    """Yield rows of RGBA. Foreground = image + (1 - alpha)(F - B), F and B estimated when small.

    This solves I = alpha F + (1 - alpha) B at full size, and keeps every detail of the image.
    """
    height, width = alpha.shape
    size = work_size(width, height)
    small = [
        cv2.resize(x, size, interpolation=cv2.INTER_AREA).astype(np.float32) / 255
        for x in (rgb, alpha)
    ]
    front, back = foreground_and_background(small[0], small[1])
    away = (front - back) * np.float32(255)
    for top in range(0, height, _STRIP_ROWS):
        end = min(height, top + _STRIP_ROWS)
        part, opaque = rgb[top:end], alpha[top:end, :, None]
        missing = (255 - opaque).astype(np.float32) * np.float32(1 / 255)
        color = part + missing * rows_of(away, top, end, width, height) + np.float32(0.5)
        seen = np.where(opaque > 0, np.clip(color, 0, 255), 0).astype(np.uint8)
        yield np.dstack([np.where(opaque == 255, part, seen), opaque])
