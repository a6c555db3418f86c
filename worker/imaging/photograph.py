"""The pixels that outputs want: the upright photograph at the size of `original` outputs."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from contract.image_header import ImageHeader
from worker.imaging.decode import Picture, decode
from worker.imaging.limits import Limits, fitted


def photograph(
    picture: Picture, data: bytes, header: ImageHeader, limits: Limits
) -> NDArray[np.uint8]:
    """Return RGB (height, width, 3), contiguous; decoded again where `picture` is too small."""
    size = fitted(picture.width, picture.height, limits.max_side_px)
    rgb = picture.rgb
    if max(rgb.shape) < max(size):
        rgb = decode(data, header, limits.max_pixels, max(size)).rgb
    if rgb.shape[1::-1] != size:
        rgb = cv2.resize(rgb, size, interpolation=cv2.INTER_AREA)
    return np.ascontiguousarray(rgb)
