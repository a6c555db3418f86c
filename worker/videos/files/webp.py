"""A short animated WebP of the heat map, for places where a picture fits and a video does not."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import BinaryIO

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from worker.outputs.encoding.origin import with_origin
from worker.videos.files.frame import Frame

FRAMES = 24  # spread over the clip
_SIDE, _MS = 320, 120
Painted = Callable[[Frame, int, int], NDArray[np.uint8]]


class Preview:
    """At most FRAMES frames of a clip of `count`, 320 px high or wide, in a loop."""

    def __init__(self, file: BinaryIO, count: int, painted: Painted, origin: str) -> None:
        self._file, self._painted, self._origin = file, painted, origin
        taken = np.linspace(0, max(count - 1, 0), min(FRAMES, max(count, 1))).round()
        self._taken = frozenset(int(index) for index in taken)
        self._pictures: list[Image.Image] = []

    def add(self, frame: Frame) -> None:
        """Take the frame if it is its turn."""
        if frame.index not in self._taken:
            return
        height, width = frame.codes.shape
        scale = _SIDE / max(height, width)
        bgr = self._painted(frame, round(width * scale), round(height * scale))
        self._pictures.append(Image.fromarray(cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB)))

    def close(self) -> None:
        """Encode the loop."""
        if not self._pictures:
            return
        first, *others = self._pictures
        loop = io.BytesIO()
        first.save(
            loop, "WEBP", save_all=True, append_images=others, duration=_MS, loop=0,
            quality=75, method=2,
        )  # fmt: skip
        self._file.write(with_origin(loop.getvalue(), "webp", self._origin))
