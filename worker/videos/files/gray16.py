"""Depth as 16-bit gray frames in Matroska, lossless (FFV1): what segments leave, and an output."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction
from typing import BinaryIO

import av
import numpy as np
from numpy.typing import NDArray

from worker.outputs.encoding.quantise import quantise

Codes = NDArray[np.uint16]
LEVELS = 65_535
_BASE = Fraction(1, 1000)  # Matroska counts milliseconds


class Gray16Writer:
    """Frames uint16 (h, w) to `file`; the same frames give the same bytes."""

    def __init__(self, file: BinaryIO, width: int, height: int) -> None:
        # bitexact: no random ids, no dates
        self._out = av.open(file, "w", format="matroska", options={"fflags": "+bitexact"})
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


def read_gray16(file: BinaryIO) -> Iterator[Codes]:
    """Yield the frames of what Gray16Writer wrote."""
    with av.open(file) as container:
        for frame in container.decode(video=0):
            yield frame.to_ndarray()


def codes_of(depth: NDArray[np.float32]) -> tuple[Codes, float, float]:
    """Return `depth` as codes, and the depths of code 0 and code 65535."""
    low, high = float(depth.min()), float(depth.max())
    return quantise(depth, low, high, np.uint16), low, high


def depth_of(codes: Codes, low: float, high: float) -> NDArray[np.float32]:
    """Return the depth that `codes_of` took."""
    return codes.astype(np.float32) * np.float32((high - low) / LEVELS) + np.float32(low)


def write_gray16(file: BinaryIO, frames: Iterable[tuple[Codes, float]]) -> None:
    """Write all `frames`, each with its time in seconds."""
    writer = None
    for codes, at_s in frames:
        writer = writer or Gray16Writer(file, codes.shape[1], codes.shape[0])
        writer.add(codes, at_s)
    if writer is not None:
        writer.close()
