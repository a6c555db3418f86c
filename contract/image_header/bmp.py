"""BMP (Windows bitmaps): the size stands in the DIB header, whose length tells its version."""

from __future__ import annotations

from contract.image_header.fields import Size, take, unsigned

_CORE, _LATER = 12, frozenset({16, 40, 52, 56, 64, 108, 124})


def matches(data: bytes) -> bool:
    """Tell whether `data` starts as a BMP file; the DIB header counts too."""
    return data[:2] == b"BM" and int.from_bytes(data[14:18], "little") in {_CORE, *_LATER}


def size(data: bytes) -> Size:
    """Return width and height in px; a negative height only means rows from the top."""
    if unsigned(data, 14, 4, "little") == _CORE:
        return unsigned(data, 18, 2, "little"), unsigned(data, 20, 2, "little")
    width = int.from_bytes(take(data, 18, 4), "little", signed=True)
    height = int.from_bytes(take(data, 22, 4), "little", signed=True)
    return width, abs(height)
