"""Pictures as H.264 keeps them: a plane of brightness, two of color at half the size (4:2:0)."""

from __future__ import annotations

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from worker.outputs.encoding.quantise import quantise
from worker.outputs.heatmap import Shades
from worker.videos.files.frame import Frame

# uint8 (3 h / 2, w), h and w even: brightness (h, w), then both colors; BT.709, limited range
Planes = NDArray[np.uint8]
_RED, _BLUE = 0.2126, 0.0722  # shares of brightness, BT.709


class Palette:
    """The colors of heat maps: no picture is ever in RGB."""

    def __init__(self, shades: Shades) -> None:
        ramp = shades.paint(np.arange(256, dtype=np.uint8)[:, None])
        ramp = ramp if ramp.ndim == 3 else cv2.cvtColor(ramp, cv2.COLOR_GRAY2BGR)
        blue, green, red = ramp[:, 0].astype(np.float64).T / 255
        bright = _RED * red + (1 - _RED - _BLUE) * green + _BLUE * blue
        self._bright = np.rint(16 + 219 * bright).astype(np.uint8)
        self._colors = tuple(
            np.rint(128 + 112 * (color - bright) / (1 - share)).astype(np.uint8)
            for color, share in ((blue, _BLUE), (red, _RED))
        )

    def painted(self, frame: Frame, width: int, height: int) -> Planes:
        """Return the frame's heat map; see worker.outputs.heatmap.heatmap."""
        codes = quantise(frame.depth(), frame.bottom, frame.top, np.uint8)
        codes = cv2.resize(codes, (width, height), interpolation=cv2.INTER_CUBIC)
        half = cv2.resize(codes, (width // 2, height // 2), interpolation=cv2.INTER_AREA)
        made = np.empty((height * 3 // 2, width), np.uint8)
        cv2.LUT(codes, self._bright, dst=made[:height])
        for table, plane in zip(self._colors, _colors(made), strict=True):
            cv2.LUT(half, table, dst=plane)
        return made


def planes_of(rgb: NDArray[np.uint8], width: int, height: int) -> Planes:
    """Return a picture, uint8 (any size, 3), at `height` x `width`."""
    frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(rgb), format="rgb24")
    made: Planes = frame.reformat(
        width, height, format="yuv420p", dst_colorspace="ITU709", interpolation="AREA"
    ).to_ndarray()
    return made


def beside(left: Planes, right: Planes) -> Planes:
    """Return two pictures of one size as one, twice as wide."""
    rows, width = left.shape
    height = rows * 2 // 3
    made = np.empty((rows, 2 * width), np.uint8)
    for part, own in enumerate((left, right)):
        made[:height, part * width : (part + 1) * width] = own[:height]
        half = slice(part * width // 2, (part + 1) * width // 2)
        for plane, color in zip(_colors(made), _colors(own), strict=True):
            plane[:, half] = color
    return made


def _colors(planes: Planes) -> NDArray[np.uint8]:
    """Return both colors of `planes` as a view, (2, h / 2, w / 2)."""
    rows, width = planes.shape
    return planes[rows * 2 // 3 :].reshape(2, rows // 3, width // 2)
