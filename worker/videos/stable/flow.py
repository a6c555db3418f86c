"""Where each pixel of a frame was in another one, and whether it looks the same there.

All at half the network's size: flow is searched for in coarser pictures anyway, and what is
steadied is the slow part of depth; its edges are the frame's own (worker.videos.stable.blend).
"""

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
_FINEST = 1  # halvings of a look at which flow is searched; the "fast" preset's 2 are of a whole


@dataclass(frozen=True)
class Look:
    """A frame as flow sees it, at half the network's size.

    `gray`: uint8 (h, w); `soft`: uint8 (h, w, 3), blurred so that a sensor's noise does not count
    as a difference.
    """

    gray: NDArray[np.uint8]
    soft: NDArray[np.uint8]


@dataclass(frozen=True)
class Link:
    """From the pixels of one frame to those of another.

    `by`: float32 (h, w, 2): the pixel (x, y) is at (x, y) + by there; `along`: the same, for
    `moved`; `apart`: ‖ΔI‖², float32 (h, w): squared difference of their colours (0…1), large
    outside.
    """

    by: Floats
    along: Route
    apart: Floats


def look(rgb: NDArray[np.uint8]) -> Look:
    """Return what flow needs of `rgb`, uint8 (h, w, 3)."""
    return Look(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY), cv2.GaussianBlur(rgb, (0, 0), 0.75))


def halved(values: Pixels) -> Pixels:
    """Return `values` (2 h, 2 w[, c]) at half their size."""
    height, width = values.shape[:2]
    made: Pixels = cv2.resize(values, (width // 2, height // 2), interpolation=cv2.INTER_AREA)
    return made


def flow(here: Look, there: Look) -> Floats:
    """Return float32 (h, w, 2): the pixel (x, y) of `here` is at (x, y) + flow in `there`.

    Dense inverse search (Kroeger et al. 2016), OpenCV's "fast" preset.
    """
    height, width = here.gray.shape
    if min(height, width) < _LEAST_SIDE:
        return np.zeros((height, width, 2), np.float32)
    found: Floats = _search().calc(here.gray, there.gray, None)
    return found


def link(here: Look, there: Look, by: Floats) -> Link:
    """Return the link from `here` to `there` through `by`."""
    height, width = by.shape[:2]
    x, y = _grid(height, width)
    x, y = x + by[..., 0], y + by[..., 1]
    along = cv2.convertMaps(x, y, cv2.CV_16SC2)  # to a 32nd of a pixel: the fastest to move by
    apart = cv2.absdiff(here.soft, moved(there.soft, along))
    squared: Floats = cv2.transform(cv2.multiply(apart, apart, dtype=cv2.CV_32F), _SUM)
    squared[(x <= -0.5) | (y <= -0.5) | (x >= width - 0.5) | (y >= height - 0.5)] = 3.0
    return Link(by, along, squared)


def chained(first: Link, second: Link) -> Floats:
    """Return the flow that takes `first`, then from there `second`."""
    made: Floats = first.by + moved(second.by, first.along)
    return made


def moved(values: Pixels, along: Route) -> Pixels:
    """Return `values` (h, w) or (h, w, c) of another frame as this one sees them."""
    border = cv2.BORDER_REPLICATE
    made: Pixels = cv2.remap(values, *along, cv2.INTER_LINEAR, borderMode=border)
    return made


@cache
def _grid(height: int, width: int) -> tuple[Floats, Floats]:
    y, x = np.mgrid[:height, :width].astype(np.float32)
    return x, y


def _search() -> Any:
    # one per call: it keeps buffers, and threads share this module; making it costs microseconds
    search = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_FAST)
    search.setFinestScale(_FINEST)
    return search
