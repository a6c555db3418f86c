"""JPEG (ITU-T T.81): the size stands in the start-of-frame segment, behind all metadata."""

from __future__ import annotations

import re

from contract.errors import ImageCorrupt
from contract.image_header.fields import NeedMoreBytes, Size, Unsupported, unsigned

_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}  # SOF0..SOF15 without DHT, JPG, DAC
_READ = frozenset({0xC0, 0xC1, 0xC2, 0xC9, 0xCA})  # sequential, progressive
_LOSSLESS = frozenset({0xC3, 0xC7, 0xCB, 0xCF})
_STANDALONE = frozenset({0x01, *range(0xD0, 0xD8)})  # TEM, RST0..RST7: no length follows
_TOO_LATE = frozenset({0xD8, 0xD9, 0xDA})  # a second start, the end, or pixels: no frame came
_MARKER = re.compile(rb"\xff([\x01-\xfe])", re.DOTALL)  # steps over fill and stray bytes
_MOST_SEGMENTS = 10_000  # a large color profile has 255; bounds the time a hostile file can take


def matches(data: bytes) -> bool:
    """Tell whether `data` starts as a JPEG file."""
    return data[:3] == b"\xff\xd8\xff"


def size(data: bytes) -> Size:
    """Return width and height in px; steps over segments by their lengths."""
    position = 2
    for _ in range(_MOST_SEGMENTS):
        found = _MARKER.search(data, position)
        if found is None:
            raise NeedMoreBytes(len(data) + 1)
        position, marker = found.end(), found[1][0]
        if marker in _FRAMES:
            _check_coding(marker, unsigned(data, position + 2, 1))
            return unsigned(data, position + 5, 2), unsigned(data, position + 3, 2)
        if marker in _TOO_LATE:
            raise ImageCorrupt("The JPEG has no frame header before its pixels.")
        if marker not in _STANDALONE:
            position += _length(data, position)
    raise ImageCorrupt(f"The JPEG has more than {_MOST_SEGMENTS} segments before its pixels.")


def _check_coding(frame: int, bits: int) -> None:
    if frame not in _READ:
        kind = "lossless" if frame in _LOSSLESS else "hierarchical"
        raise Unsupported(f"JPEGs of {kind} coding")
    if bits != 8:
        raise Unsupported(f"JPEGs of {bits} bits a channel")


def _length(data: bytes, position: int) -> int:
    length = unsigned(data, position, 2)
    if length < 2:
        raise ImageCorrupt("A JPEG segment is shorter than its own length field.")
    return length
