"""WebP (RFC 9649): a RIFF file whose first chunk is VP8 (lossy), VP8L (lossless) or VP8X."""

from __future__ import annotations

from contract.errors import ImageCorrupt
from contract.image_header.fields import Size, take, unsigned


def matches(data: bytes) -> bool:
    """Tell whether `data` starts as a WebP file."""
    return data[:4] == b"RIFF" and data[8:12] == b"WEBP"


def size(data: bytes) -> Size:
    """Return width and height of the image or canvas in px."""
    kind = take(data, 12, 4)
    if kind == b"VP8X":
        return unsigned(data, 24, 3, "little") + 1, unsigned(data, 27, 3, "little") + 1
    if kind == b"VP8L":
        return _lossless(data)
    if kind == b"VP8 ":
        return _lossy(data)
    raise ImageCorrupt("The WebP does not begin with an image chunk.")


def _lossless(data: bytes) -> Size:
    if take(data, 20, 1) != b"\x2f":
        raise ImageCorrupt("The lossless WebP stream lacks its signature.")
    bits = unsigned(data, 21, 4, "little")
    return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1


def _lossy(data: bytes) -> Size:
    if take(data, 23, 3) != b"\x9d\x01\x2a":
        raise ImageCorrupt("The lossy WebP stream lacks its start code.")
    return unsigned(data, 26, 2, "little") & 0x3FFF, unsigned(data, 28, 2, "little") & 0x3FFF
