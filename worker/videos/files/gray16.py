"""Depth as 16-bit gray frames in Matroska, lossless (FFV1)."""

from __future__ import annotations

from fractions import Fraction
from typing import BinaryIO

import av
import numpy as np

from worker.videos.files.codes import Codes

_BASE = Fraction(1, 1000)  # Matroska counts milliseconds


class Gray16Writer:
    """Frames uint16 (h, w) to `file`, whose comment is `origin`; the same give the same bytes."""

    def __init__(self, file: BinaryIO, width: int, height: int, origin: str) -> None:
        # bitexact: no random ids, no dates
        self._out = av.open(file, "w", format="matroska", options={"fflags": "+bitexact"})
        self._out.metadata["comment"] = origin
        self._stream = self._out.add_stream("ffv1", rate=25)
        context = self._stream.codec_context
        context.width, context.height, context.pix_fmt = width, height, "gray16le"
        context.time_base = _BASE
        context.thread_count = 1
        context.options = {"level": "3", "slices": "4", "slicecrc": "1", "g": "1"}
        self._last = -1

    def add(self, codes: Codes, at_s: float) -> None:
        """Append a frame shown from `at_s` on."""
        frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(codes), format="gray16le")
        self._last = max(self._last + 1, round(at_s / _BASE))
        frame.pts, frame.time_base = self._last, _BASE
        self._out.mux(self._stream.encode(frame))

    def close(self) -> None:
        """Finish the file, which stays open."""
        if self._last >= 0:
            self._out.mux(self._stream.encode(None))
        self._out.close()
