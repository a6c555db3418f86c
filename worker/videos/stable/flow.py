"""Where each pixel of a frame was in another one, and whether it looks the same there."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Pixels = NDArray[Any]
Route = tuple[NDArray[np.int16], NDArray[np.uint16]]
_SUM = np.full((1, 3), 1 / 255**2, np.float32)  # over colours, of 0…1
_LEAST_SIDE = 32  # px: below this, DIS has no scale to search at


@dataclass(frozen=True)
class Look:
    """A frame as flow sees it, at the network's size.

    `gray`: uint8 (h, w); `soft`: uint8 (h, w, 3), blurred so that a sensor's noise does not count
    as a difference.
    """

    gray: NDArray[np.uint8]
    soft: NDArray[np.uint8]


def look(rgb: NDArray[np.uint8]) -> Look:
    """Return what flow needs of `rgb`, uint8 (h, w, 3)."""
    soft = cv2.GaussianBlur(rgb, (0, 0), 1.5)
    return Look(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY), soft)


def flow(here: Look, there: Look) -> Floats:
    """Return float32 (h, w, 2): the pixel (x, y) of `here` is at (x, y) + flow in `there`.

    Dense inverse search (Kroeger et al. 2016), OpenCV's "fast" preset.
    """
    height, width = here.gray.shape
    if min(height, width) < _LEAST_SIDE:
        return np.zeros((height, width, 2), np.float32)
    found: Floats = _search().calc(here.gray, there.gray, None)
    return found


def chained(first: Floats, second: Floats) -> Floats:
    """Return the flow that takes `first`, then from there `second`."""
    return first + warp(second, first)


def route(by: Floats) -> Route:
    """Return `by` as OpenCV moves pixels fastest: to a 32nd of a pixel."""
    height, width = by.shape[:2]
    x, y = _grid(height, width)
    whole, parts = cv2.convertMaps(x + by[..., 0], y + by[..., 1], cv2.CV_16SC2)
    return whole, parts


def moved(values: Pixels, along: Route) -> Pixels:
    """Return `values` (h, w) or (h, w, c) of another frame as this one sees them."""
    border = cv2.BORDER_REPLICATE
    made: Pixels = cv2.remap(values, *along, cv2.INTER_LINEAR, borderMode=border)
    return made


def warp(values: Pixels, by: Floats) -> Pixels:
    """Return `values` of another frame as this one sees them through `by`."""
    return moved(values, route(by))


def inside(by: Floats) -> NDArray[np.bool_]:
    """Return where `by` stays within the picture."""
    height, width = by.shape[:2]
    x, y = _grid(height, width)
    x, y = x + by[..., 0], y + by[..., 1]
    held: NDArray[np.bool_] = (x > -0.5) & (y > -0.5) & (x < width - 0.5) & (y < height - 0.5)
    return held


def difference(here: Look, there: Look, by: Floats, along: Route) -> Floats:
    """Return ‖ΔI‖², float32 (h, w): squared colour difference through `by`; large outside.

    `along`: the route of `by`.
    """
    apart = cv2.absdiff(here.soft, moved(there.soft, along))
    squared: Floats = cv2.transform(cv2.multiply(apart, apart, dtype=cv2.CV_32F), _SUM)
    squared[~inside(by)] = 3.0
    return squared


@cache
def _grid(height: int, width: int) -> tuple[Floats, Floats]:
    y, x = np.mgrid[:height, :width].astype(np.float32)
    return x, y


def _search() -> Any:
    # one per call: it keeps buffers, and threads share this module; making it costs microseconds
    return cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_FAST)
