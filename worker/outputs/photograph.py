"""The photograph at the size of the pictures that are made from it, for renderers that need it."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from contract.errors import InternalError
from worker.outputs.view import View

Pixels = NDArray[np.uint8]


def photograph(view: View) -> Pixels:
    """Return the RGB pixels, uint8 (h, w, 3), at `view.size`.

    Raises InternalError if the view has none: the output's declaration forgot to need them.
    """
    if view.pixels is None:
        raise InternalError("the photograph is needed and was not decoded")
    return scaled(view.pixels, *view.size)


def fitted(rgb: Pixels, most_side_px: int) -> Pixels:
    """Return `rgb`, made smaller if a side is longer than `most_side_px`."""
    height, width = rgb.shape[:2]
    factor = min(1.0, most_side_px / max(height, width))
    return scaled(rgb, max(1, round(width * factor)), max(1, round(height * factor)))


def scaled(rgb: Pixels, width: int, height: int) -> Pixels:
    """Return `rgb` at (height, width): averaged where it shrinks."""
    if rgb.shape[:2] == (height, width):
        return rgb
    shrinks = rgb.shape[0] * rgb.shape[1] > width * height
    how = cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(rgb, (width, height), interpolation=how), np.uint8)
