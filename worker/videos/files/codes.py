"""What a segment leaves: depth as 16-bit codes, lossless, a tenth of FFV1's time.

A head (height and width), then per frame its length and DEFLATE of the differences between
neighbours in a row, high bytes before low ones.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import BinaryIO

import numpy as np
from isal import isal_zlib
from numpy.typing import NDArray

from worker.outputs.encoding.quantise import quantise

Codes = NDArray[np.uint16]
LEVELS = 65_535
_HEAD, _LENGTH = struct.Struct("<4sHH"), struct.Struct("<I")
_MAGIC = b"DQ16"
_LEVEL = 1


class CodesWriter:
    """Frames uint16 (h, w) of one size to `file`; the same frames give the same bytes."""

    def __init__(self, file: BinaryIO) -> None:
        self._file, self._shape = file, (0, 0)

    def add(self, codes: Codes) -> None:
        """Append a frame."""
        if self._shape != codes.shape:
            if any(self._shape):
                raise ValueError(f"a frame of {codes.shape} among those of {self._shape}")
            self._shape = codes.shape
            self._file.write(_HEAD.pack(_MAGIC, *codes.shape))
        steps = codes.copy()
        steps[:, 1:] -= codes[:, :-1]
        steps[1:, 0] -= codes[:-1, 0]
        halves = steps.astype("<u2").view(np.uint8).reshape(-1, 2).T
        packed = isal_zlib.compress(np.ascontiguousarray(halves[::-1]), _LEVEL)
        self._file.write(_LENGTH.pack(len(packed)))
        self._file.write(packed)


def read_codes(file: BinaryIO) -> Iterator[Codes]:
    """Yield the frames of what CodesWriter wrote. Raises ValueError if it is something else."""
    head = file.read(_HEAD.size)
    if not head:
        return
    magic, height, width = _HEAD.unpack(head)
    if magic != _MAGIC:
        raise ValueError("this is no segment's depth")
    while length := file.read(_LENGTH.size):
        data = isal_zlib.decompress(file.read(*_LENGTH.unpack(length)), bufsize=2 * height * width)
        high, low = np.frombuffer(data, np.uint8).reshape(2, height, width).astype(np.uint16)
        steps = (high << 8) | low
        np.cumsum(steps[:, 0], out=steps[:, 0], dtype=np.uint16)
        yield np.cumsum(steps, axis=1, dtype=np.uint16)


def codes_of(depth: NDArray[np.float32]) -> tuple[Codes, float, float]:
    """Return `depth` as codes, and the depths of code 0 and code 65535."""
    low, high = float(depth.min()), float(depth.max())
    return quantise(depth, low, high, np.uint16), low, high


def depth_of(codes: Codes, low: float, high: float) -> NDArray[np.float32]:
    """Return the depth that `codes_of` took."""
    return codes.astype(np.float32) * np.float32((high - low) / LEVELS) + np.float32(low)
