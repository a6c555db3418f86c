"""Reads the TIFF files that depthq writes; others are for a TIFF library."""

from __future__ import annotations

import struct
import zlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

MAGIC = b"II*\0"
MOST_PX = 178_956_970  # of packed pixels, as Pillow has it for PNG: a few kilobytes can hold more
_SIZES = {2: 1, 3: 2, 4: 4}  # bytes of a value by its type: text, short, long
_CODES = {3: "<u2", 4: "<u4"}
_KINDS = {(16, 8, 2, 1): "<u2", (32, 1, 1, 3): "<f4"}  # bits, compression, predictor, sample format


def read_tiff(data: bytes) -> tuple[NDArray[Any], str]:
    """Return the picture, uint16 or float32 (h, w), and its description.

    Raises ValueError, KeyError or struct.error if it is damaged or was not written by depthq.
    """
    tags = _tags(data)
    width, height, rows = (int(tags[tag][0]) for tag in (256, 257, 278))
    layout = tuple(int(tags[tag][0]) for tag in (258, 259, 317, 339))
    if layout not in _KINDS or int(tags[277][0]) != 1 or not width or not height or not rows:
        raise ValueError("this TIFF was not written by depthq; read it with a TIFF library")
    kind = np.dtype(_KINDS[layout])
    if kind.kind == "u" and width * height > MOST_PX:
        raise ValueError(f"it would have {width * height} pixels; at most {MOST_PX} are unpacked")
    if len(tags[273]) != -(-height // rows):
        raise ValueError("it has more strips than rows, or too few")
    strips, top = [], 0
    for offset, length in zip(tags[273], tags[279], strict=True):
        count = min(rows, height - top)
        packed = data[int(offset) : int(offset) + int(length)]
        strips.append(_strip(packed, kind, count, width))
        top += count
    picture = np.concatenate(strips)
    if picture.shape != (height, width):
        raise ValueError("strips are missing")
    return picture, bytes(tags[270]).rstrip(b"\0").decode("ascii")


def _strip(packed: bytes, kind: np.dtype[Any], rows: int, width: int) -> NDArray[Any]:
    wanted = rows * width * kind.itemsize
    if kind.kind == "f":
        return np.frombuffer(packed, kind, rows * width).reshape(rows, width)
    try:
        plain = zlib.decompressobj().decompress(packed, max(1, wanted))
    except zlib.error as exc:
        raise ValueError(f"a strip cannot be inflated: {exc}") from exc
    differences = np.frombuffer(plain, kind, rows * width).reshape(rows, width)
    return np.cumsum(differences, axis=1, dtype=np.uint16)


def _tags(data: bytes) -> dict[int, NDArray[Any] | bytes]:
    """Return the values of the first directory by tag."""
    (start,) = struct.unpack_from("<I", data, 4)
    (count,) = struct.unpack_from("<H", data, start)
    found: dict[int, NDArray[Any] | bytes] = {}
    for place in range(start + 2, start + 2 + 12 * count, 12):
        tag, kind, number = struct.unpack_from("<HHI", data, place)
        length = number * _SIZES[kind]
        at = place + 8 if length <= 4 else struct.unpack_from("<I", data, place + 8)[0]
        value = data[at : at + length]
        if len(value) != length:
            raise ValueError("the file ends before it says")
        found[tag] = value if kind == 2 else np.frombuffer(value, _CODES[kind])
    return found
