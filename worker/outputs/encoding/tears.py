"""Where the surface that distances describe is torn: a thing ends before what is behind it.

Steep is not torn: a floor seen at a low angle is steep too. Inverse distance is an affine function
of the pixel on any plane, so a tear is where it is steep and bends.
"""

from __future__ import annotations

import cv2
import numpy as np

from worker.outputs.encoding.geometry import Floats

TORN = 0.04  # (max - min) / z within 3x3 above which what bends is torn
BENT = 0.01  # second difference of inverse distance, relative to it
_REACH_PX = 3  # from the bend at one end of a blurred step to its middle


def tears(z: Floats) -> Floats:
    """Return the relative difference of distances within 3x3, float32 (h, w); 0 on planes."""
    square = np.ones((3, 3), np.uint8)
    steep = (cv2.dilate(z, square) - cv2.erode(z, square)) / z
    inverse = 1 / z
    bend = np.zeros_like(z)
    bend[:, 1:-1] = abs(np.diff(inverse, 2, axis=1))
    bend[1:-1] = np.maximum(bend[1:-1], abs(np.diff(inverse, 2, axis=0)))
    bent = (bend > BENT * inverse).astype(np.uint8)
    around = cv2.dilate(bent, np.ones((2 * _REACH_PX + 1,) * 2, np.uint8))
    return np.asarray(np.where(around > 0, steep, 0), np.float32)
