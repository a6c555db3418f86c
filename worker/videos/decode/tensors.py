"""A frame as the network reads it, and, at half that size, as optical flow does."""

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
    """Return width and height, the tensor float32 (3, h, w), and RGB uint8 (h / 2, w / 2, 3)."""
    height, width = net_size(rgb.shape[0], rgb.shape[1], rule)
    small = cv2.resize(rgb, (width // 2, height // 2), interpolation=cv2.INTER_AREA)
    return (width, height), prepare(rgb, height, width, rule), np.ascontiguousarray(small)
