"""OpenEXR 2 (openexr.com, "OpenEXR File Layout"): one part, scan lines, one float channel.

OpenCV's wheel is built without OpenEXR, and the format's simplest form is small. Uncompressed:
the low bits of up-sampled floats are noise, ZIP takes thirty times as long to save a fifth.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

_MAGIC_AND_VERSION = struct.pack("<II", 20000630, 2)
_FLOAT, _NO_COMPRESSION, _INCREASING_Y = 2, 0, 0


def encode_exr(pixels: NDArray[np.float32], texts: Mapping[str, str]) -> bytes:
    """Return `pixels`, float32 (h, w), as channel `Y`; `texts` become string attributes."""
    height, width = pixels.shape
    header = _MAGIC_AND_VERSION + _attributes(width, height, texts) + b"\0"
    blocks = [_block(y, row) for y, row in enumerate(pixels)]  # one row each
    start = len(header) + 8 * len(blocks)
    ends = np.cumsum([start, *map(len, blocks[:-1])], dtype="<u8")
    return b"".join([header, ends.tobytes(), *blocks])


def _attributes(width: int, height: int, texts: Mapping[str, str]) -> bytes:
    channel = b"Y\0" + struct.pack("<iBxxxii", _FLOAT, 0, 1, 1) + b"\0"
    window = struct.pack("<iiii", 0, 0, width - 1, height - 1)
    entries = [
        ("channels", "chlist", channel),
        ("compression", "compression", bytes([_NO_COMPRESSION])),
        ("dataWindow", "box2i", window),
        ("displayWindow", "box2i", window),
        ("lineOrder", "lineOrder", bytes([_INCREASING_Y])),
        ("pixelAspectRatio", "float", struct.pack("<f", 1)),
        ("screenWindowCenter", "v2f", struct.pack("<ff", 0, 0)),
        ("screenWindowWidth", "float", struct.pack("<f", 1)),
        *((name, "string", text.encode()) for name, text in texts.items()),
    ]
    return b"".join(
        name.encode() + b"\0" + kind.encode() + b"\0" + struct.pack("<i", len(value)) + value
        for name, kind, value in entries
    )


def _block(top: int, row: NDArray[np.float32]) -> bytes:
    return struct.pack("<ii", top, row.nbytes) + row.astype("<f4", copy=False).tobytes()
