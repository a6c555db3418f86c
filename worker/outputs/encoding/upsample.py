"""Depth at the network's size → depth at the image's size."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]


def upsample(depth: Floats, width: int, height: int) -> Floats:
    """Return `depth`, float32 (h, w), resized bicubically to (height, width).

    Equals torch's `interpolate(mode="bicubic", align_corners=False)`, which the original uses:
    the same kernel (A = -0.75), centers and borders.
    """
    if depth.shape == (height, width):
        return depth
    if depth.min() == depth.max():  # resizing would add rounding noise, which stretching shows
        return np.full((height, width), depth.flat[0], np.float32)
    resized: Floats = cv2.resize(depth, (width, height), interpolation=cv2.INTER_CUBIC)
    return resized
