"""JPEG files of photographs that other files hold."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from contract.errors import InternalError

_QUALITY = 92


def encode_jpeg(rgb: NDArray[np.uint8], quality: int = _QUALITY) -> bytes:
    """Return RGB uint8 (h, w, 3) as a JPEG file. Raises InternalError if it cannot be encoded."""
    bgr = cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR)
    done, data = cv2.imencode(".jpg", bgr, (cv2.IMWRITE_JPEG_QUALITY, quality))
    if not done:
        raise InternalError(f"the JPEG encoder refused an image of {rgb.shape}")
    return bytes(data)
