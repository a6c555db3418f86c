"""RGB → a network's input tensor, exactly as the originals' transforms do it.

Bicubic, each colour less its mean, by its standard deviation: see contract.models.input_rule
(reference numbers in tests/golden).
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from contract.models.input_rule import InputRule
from contract.models.midas_small import MODEL

_A = -0.75  # sharpness of OpenCV's bicubic kernel


def net_size(height: int, width: int, rule: InputRule = MODEL.input) -> tuple[int, int]:
    """Return the network's input height and width for an upright image."""
    return rule.net_size(height, width)


def prepare(
    rgb: NDArray[np.uint8], height: int, width: int, rule: InputRule = MODEL.input
) -> NDArray[np.float32]:
    """Return the normalised tensor, float32 (3, height, width), of `rgb`, uint8 (h, w, 3)."""
    if rgb.shape[0] > 4 * height:  # then most rows do not affect the result
        resized = _resize_from_needed_rows(rgb, height, width)
    else:
        pixels = rgb.astype(np.float32)
        resized = cv2.resize(pixels, (width, height), interpolation=cv2.INTER_CUBIC)
    tensor = np.empty((3, height, width), np.float32)
    mean, std = np.array(rule.mean, np.float32), np.array(rule.std, np.float32)
    gain, offset = 1 / (255 * std), mean / std  # normalised = pixel * gain - offset
    for plane in range(3):
        np.multiply(resized[:, :, plane], gain[plane], out=tensor[plane])
        tensor[plane] -= offset[plane]
    return tensor


def _resize_from_needed_rows(
    rgb: NDArray[np.uint8], height: int, width: int
) -> NDArray[np.float32]:
    """Resize bicubically, touching only the four rows that each row of the result depends on."""
    rows, weights = _taps(rgb.shape[0], height)
    needed = rgb[rows.ravel()].astype(np.float32)  # (4 * height, w, 3)
    narrow = cv2.resize(needed, (width, 4 * height), interpolation=cv2.INTER_CUBIC)
    bands = narrow.reshape(height, 4, width, 3)
    resized: NDArray[np.float32] = np.einsum("ykxc,yk->yxc", bands, weights)
    return resized


def _taps(source: int, target: int) -> tuple[NDArray[np.intp], NDArray[np.float32]]:
    """Return per target row the four source rows (edge repeated) and their bicubic weights."""
    center = ((np.arange(target) + 0.5) * (source / target) - 0.5).astype(np.float32)  # as OpenCV
    first = np.floor(center).astype(np.intp) - 1
    rows = np.clip(first[:, None] + np.arange(4), 0, source - 1)
    x = center - np.floor(center)
    near, far = ((_A + 2) * x - (_A + 3)) * x * x + 1, _far(x + 1)
    after = 1 - x
    after_weight = ((_A + 2) * after - (_A + 3)) * after * after + 1
    weights = np.stack([far, near, after_weight, 1 - far - near - after_weight], axis=1)
    return rows, weights.astype(np.float32)


def _far(x: NDArray[np.float32]) -> NDArray[np.float32]:
    return ((_A * x - 5 * _A) * x + 8 * _A) * x - 4 * _A
