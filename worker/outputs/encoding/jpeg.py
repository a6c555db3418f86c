"""Photographs as JPEG files."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from contract.errors import InternalError

QUALITY = 92


def encode_jpeg(rgb: NDArray[np.uint8], quality: int = QUALITY) -> bytes:
    """Return `rgb`, uint8 (h, w, 3), as a JPEG file."""
    bgr = cv2.cvtColor(np.ascontiguousarray(rgb), cv2.COLOR_RGB2BGR)
    try:
        done, data = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, quality])
    except cv2.error as exc:
        raise InternalError(f"the JPEG encoder refused {rgb.shape}: {exc}") from exc
    if not done:
        raise InternalError(f"the JPEG encoder refused an image of {rgb.shape}")
    return bytes(data)
