"""A coarse mask of the subject → its alpha at the photograph's size, along the photograph's edges.

In a band around the mask's contour, as wide as the network is unsure, guided filters in color
(He, Sun, Tang 2013) fit alpha to the colors around each pixel, with ever smaller windows, and draw
it towards 0 and 1. Outside the band the mask is right. All but the last step sees a picture of at
most WORK_PX; only the last filter's linear model meets the full one.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float32]

WORK_PX = 512  # longer side
_BAND = 0.014  # of the longer side: 3 to 4 pixels of a network that sees 256
_SOFT_PX = 3.0  # sigma: the mask is a guess, its contour more so
# radius in px; share from 0 that counts as 0, and from 1 that counts as 1: in the end little does,
# so that an edge pixel is taken for mixed and gets the subject's own color
_ROUNDS = ((10, 0.15, 0.15), (7, 0.2, 0.2), (4, 0.15, 0.02))
_EPSILON = 1e-5  # variance of color (0…1) below which it counts as flat
_STRIP_ROWS = 256


def work_size(width: int, height: int) -> tuple[int, int]:
    """Return width and height of the picture that mattes are made on."""
    scale = min(1.0, WORK_PX / max(width, height))
    return max(1, round(width * scale)), max(1, round(height * scale))


def matte(mask: NDArray[np.bool_], rgb: Pixels) -> Pixels:
    """Return alpha, uint8 (H, W), of `mask` (h, w) in the photograph `rgb` (H, W, 3)."""
    height, width = rgb.shape[:2]
    size = work_size(width, height)
    small = cv2.resize(rgb, size, interpolation=cv2.INTER_AREA)
    soft = cv2.resize(mask.astype(np.float32), size, interpolation=cv2.INTER_LINEAR)
    soft = cv2.GaussianBlur(soft, (0, 0), _SOFT_PX, borderType=cv2.BORDER_REPLICATE)
    sure, maybe = _band(soft > 0.5)
    if maybe.all() or not sure.any():  # no band, or too thin for one: nothing to learn from
        return np.asarray(cv2.resize((soft * 255).astype(np.uint8), (width, height)), np.uint8)
    alpha = _applied(*_fitted(small.astype(np.float32) / 255, soft, sure, maybe), rgb)
    grow = max(1, round(size[0] * _BAND / 2))
    inner, outer = cv2.erode(sure, _disc(grow), borderValue=1), cv2.dilate(maybe, _disc(grow))
    for region, value in ((inner > 0, 255), (outer == 0, 0)):
        wide = cv2.resize(region.astype(np.uint8), (width, height), interpolation=cv2.INTER_NEAREST)
        alpha[wide > 0] = value
    return alpha


def _band(coarse: NDArray[np.bool_]) -> tuple[Pixels, Pixels]:
    """Return what surely is the subject, and what may be; a thin subject has a narrow band."""
    whole = coarse.astype(np.uint8)
    deepest = float(cv2.distanceTransform(np.pad(whole, 1, mode="edge"), cv2.DIST_L2, 3).max())
    radius = max(1, round(min(_BAND * max(coarse.shape), deepest / 2)))
    sure = np.asarray(cv2.erode(whole, _disc(radius), borderValue=1), np.uint8)
    return sure, np.asarray(cv2.dilate(whole, _disc(radius)), np.uint8)


def _disc(radius: int) -> Any:
    return cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1,) * 2)


def _fitted(guide: Floats, alpha: Floats, sure: Pixels, maybe: Pixels) -> tuple[Floats, Floats]:
    """Return slopes (h, w, 3) and offset (h, w) of alpha over the colors of `guide`."""
    for radius, low, high in _ROUNDS:
        slopes, offset = _linear_model(guide, alpha, radius)
        scale = np.float32(1 / (1 - low - high))
        slopes, offset = slopes * scale, (offset - np.float32(low)) * scale
        alpha = np.clip((slopes * guide).sum(2) + offset, 0, 1)
        alpha[sure > 0], alpha[maybe == 0] = 1, 0
    return slopes, offset


def _linear_model(guide: Floats, values: Floats, radius: int) -> tuple[Floats, Floats]:
    """Return slopes (h, w, 3) and offset (h, w) of `values` over the colors around each pixel."""
    mean, mean_values = _mean(guide, radius), _mean(values, radius)
    cross = _mean(guide * values[:, :, None], radius) - mean * mean_values[:, :, None]
    rows = [
        _mean(guide * guide[:, :, c : c + 1], radius) - mean * mean[:, :, c : c + 1]
        for c in range(3)
    ]
    for channel, row in enumerate(rows):
        row[:, :, channel] += np.float32(_EPSILON)
    adjugate = [np.cross(rows[(i + 1) % 3], rows[(i + 2) % 3]) for i in range(3)]
    determinant = (rows[0] * adjugate[0]).sum(2)
    slopes = np.stack([(a * cross).sum(2) for a in adjugate], axis=2) / determinant[:, :, None]
    return _mean(slopes, radius), _mean(mean_values - (slopes * mean).sum(2), radius)


def _mean(values: Floats, radius: int) -> Floats:
    side = 2 * radius + 1
    return np.asarray(cv2.blur(values, (side, side), borderType=cv2.BORDER_REFLECT), np.float32)


def _applied(slopes: Floats, offset: Floats, rgb: Pixels) -> Pixels:
    """Return alpha, uint8 (H, W), of the model at the size of `rgb`, some rows at a time."""
    height, width = rgb.shape[:2]
    model = np.dstack([slopes / 255, offset])
    alpha = np.empty((height, width), np.uint8)
    for top in range(0, height, _STRIP_ROWS):
        end = min(height, top + _STRIP_ROWS)
        part = rows_of(model, top, end, width, height)
        values = part[:, :, 3]
        for channel in range(3):
            values = values + part[:, :, channel] * rgb[top:end, :, channel]
        alpha[top:end] = np.clip(values * 255 + 0.5, 0, 255)
    return alpha


def rows_of(small: Floats, top: int, end: int, width: int, height: int) -> Floats:
    """Return rows `top` to `end` of `small`, (h, w, n), resized bilinearly to (height, width)."""
    center = np.clip((np.arange(top, end) + 0.5) * (len(small) / height) - 0.5, 0, len(small) - 1)
    above = np.floor(center).astype(np.intp)
    below = np.minimum(above + 1, len(small) - 1)
    share = (center - above).astype(np.float32)[:, None, None]
    narrow = small[above] + (small[below] - small[above]) * share
    return np.asarray(cv2.resize(narrow, (width, end - top)), np.float32)
