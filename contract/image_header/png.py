"""PNG (W3C PNG 3rd edition): the first chunk is IHDR; its checksum must be right."""

from __future__ import annotations

import zlib

from contract.errors import ImageCorrupt
from contract.image_header.fields import Size, take, unsigned

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_LONGEST_SIDE = 2**31 - 1


def matches(data: bytes) -> bool:
    """Tell whether `data` starts as a PNG file."""
    return data[:8] == _SIGNATURE


def size(data: bytes) -> Size:
    """Return width and height in px."""
    chunk = take(data, 8, 25)  # length 4, type 4, content 13, checksum 4
    if chunk[:8] != b"\x00\x00\x00\x0dIHDR":
        raise ImageCorrupt("The PNG does not begin with its header chunk.")
    if zlib.crc32(chunk[4:21]) != unsigned(chunk, 21, 4):
        raise ImageCorrupt("The PNG header's checksum is wrong.")
    width, height = unsigned(chunk, 8, 4), unsigned(chunk, 12, 4)
    if max(width, height) > _LONGEST_SIDE:
        raise ImageCorrupt(f"The PNG header gives a size of {width} x {height} pixels.")
    return width, height
