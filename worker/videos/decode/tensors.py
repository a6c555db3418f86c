"""A frame as the network reads it, and as optical flow does: both at the network's size."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from contract.models.input_rule import InputRule
from worker.models.prepare import net_size, prepare

cv2.setNumThreads(1)


def tensors(
    rgb: NDArray[np.uint8], rule: InputRule
) -> tuple[tuple[int, int], NDArray[np.float32], NDArray[np.uint8]]:
    """Return width and height, the tensor float32 (3, h, w), and RGB uint8 (h, w, 3)."""
    height, width = net_size(rgb.shape[0], rgb.shape[1], rule)
    small = cv2.resize(rgb, (width, height), interpolation=cv2.INTER_AREA)
    return (width, height), prepare(rgb, height, width, rule), np.ascontiguousarray(small)
