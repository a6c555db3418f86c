"""Depth at the network's size → depth at the image's size, with the photograph's edges.

The fast guided filter (He and Sun, "Fast Guided Filter", arXiv 1505.00996): around each pixel of
the network's size, depth is a linear function of the photograph's grey value; the coefficients
are resized and applied to the full grey picture. Where grey tells nothing about depth, the slope
tends to 0 (`EPSILON`) and the result to a smooth mean, so that texture is not copied. What the
mean smooths away is fitted a second time (Tukey's twicing).
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from worker.outputs.encoding.upsample import Floats

RADIUS_PX = 4  # of the network's pixels
EPSILON = 1e-3  # variance of grey (0…1) below which it counts as flat
_STRIP_ROWS = 256  # rows at once: bounds the memory of a 50 MP picture


def guided_upsample(depth: Floats, rgb: NDArray[np.uint8]) -> Floats:
    """Return `depth`, float32 (h, w), at the size of its photograph `rgb`, uint8 (H, W, 3).

    The result keeps the range of `depth`.
    """
    guided = Guided(depth, rgb)
    result = np.empty(rgb.shape[:2], np.float32)
    for top in range(0, len(rgb), _STRIP_ROWS):
        end = min(len(rgb), top + _STRIP_ROWS)
        result[top:end] = guided.rows(top, end)
    return result


class Guided:
    """What `guided_upsample` returns, some rows at a time: they need not be there all at once."""

    def __init__(self, depth: Floats, rgb: NDArray[np.uint8]) -> None:
        self._shape = rgb.shape[:2]
        self._low, self._high = float(depth.min()), float(depth.max())
        if self._high <= self._low:
            return
        self._grey = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)
        flat = _scaled(depth, self._low, self._high)
        found = _coefficients(_small_grey(self._grey, depth.shape), flat)
        size = self._shape[1], depth.shape[0]
        self._slope, self._offset = (cv2.resize(values, size) for values in found)

    def rows(self, top: int, end: int) -> Floats:
        """Return rows `top` to `end`, float32 (end - top, W)."""
        height, width = self._shape
        if self._high <= self._low:
            return np.full((end - top, width), self._low, np.float32)
        rows = _rows(self._slope, top, end, height)
        rows *= self._grey[top:end]
        rows *= np.float32(1 / 255)
        rows += _rows(self._offset, top, end, height)
        np.clip(rows, 0, 1, out=rows)
        rows *= np.float32(self._high - self._low)
        rows += np.float32(self._low)
        return rows


def _scaled(depth: Floats, low: float, high: float) -> Floats:
    """Return `depth` stretched from low…high to 0…1."""
    scaled: Floats = (depth - np.float32(low)) * np.float32(1 / (high - low))
    return scaled


def _small_grey(grey: NDArray[np.uint8], shape: tuple[int, ...]) -> Floats:
    small = cv2.resize(grey, (shape[1], shape[0]), interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.float32) * np.float32(1 / 255)


def _coefficients(guide: Floats, depth: Floats) -> tuple[Floats, Floats]:
    """Return slope and offset of depth over grey around each pixel, float32 (h, w).

    Fitted twice, the second time to what the first left over: else thin objects lose depth.
    """
    slope, offset = _fitted(guide, depth)
    rest: Floats = depth - slope * guide
    rest -= offset
    more_slope, more_offset = _fitted(guide, rest)
    return slope + more_slope, offset + more_offset


def _fitted(guide: Floats, depth: Floats) -> tuple[Floats, Floats]:
    """Return slope and offset of a straight line around each pixel, averaged."""
    mean_guide, mean_depth = _mean(guide), _mean(depth)
    variance = _mean(guide * guide) - mean_guide * mean_guide
    covariance = _mean(guide * depth) - mean_guide * mean_depth
    slope: Floats = np.asarray(covariance / (variance + np.float32(EPSILON)), np.float32)
    offset: Floats = np.asarray(mean_depth - slope * mean_guide, np.float32)
    return _mean(slope), _mean(offset)


def _mean(values: Floats) -> Floats:
    side = 2 * RADIUS_PX + 1
    return np.asarray(cv2.blur(values, (side, side), borderType=cv2.BORDER_REFLECT), np.float32)


def _rows(wide: Floats, top: int, end: int, height: int) -> Floats:
    """Return rows `top` to `end` of `wide`, float32 (h, width), resized bilinearly to `height`.

    By hand, since OpenCV resizes whole pictures only, and its warps round to 1/32 px.
    """
    center = (np.arange(top, end) + 0.5) * (wide.shape[0] / height) - 0.5
    center = np.clip(center, 0, wide.shape[0] - 1)
    above = np.floor(center).astype(np.intp)
    below = np.minimum(above + 1, wide.shape[0] - 1)
    share = (center - above).astype(np.float32)[:, None]
    rows: Floats = wide[below] - wide[above]
    rows *= share
    rows += wide[above]
    return rows
