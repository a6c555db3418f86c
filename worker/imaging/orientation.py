"""How a picture is turned, as its EXIF says."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray


def turned(pixels: NDArray[np.uint8], orientation: int) -> NDArray[np.uint8]:
    """Return the pixels, (h, w, 3), upright: as EXIF `orientation` says they were stored."""
    upright: Any = pixels
    if orientation in (5, 7):
        upright = cv2.transpose(upright)
    if orientation in (3, 7):
        upright = cv2.rotate(upright, cv2.ROTATE_180)
    elif orientation in (2, 4):
        upright = cv2.flip(upright, 1 if orientation == 2 else 0)
    elif orientation == 6:
        upright = cv2.rotate(upright, cv2.ROTATE_90_CLOCKWISE)
    elif orientation == 8:
        upright = cv2.rotate(upright, cv2.ROTATE_90_COUNTERCLOCKWISE)
    return upright  # type: ignore[no-any-return]
