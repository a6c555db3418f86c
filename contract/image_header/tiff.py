"""TIFF 6.0: the size stands in the first directory, which may lie anywhere in the file."""

from __future__ import annotations

from contract.errors import ImageCorrupt
from contract.image_header.fields import Endian, Size, unsigned

_WIDTH, _HEIGHT = 256, 257
_LENGTHS = {1: 1, 3: 2, 4: 4}  # field type → bytes: BYTE, SHORT, LONG


def matches(data: bytes) -> bool:
    """Tell whether `data` starts as a classic TIFF file (not BigTIFF)."""
    return data[:4] in {b"II*\x00", b"MM\x00*"}


def size(data: bytes) -> Size:
    """Return width and height of the first page in px."""
    endian: Endian = "little" if data[:2] == b"II" else "big"
    directory = unsigned(data, 4, 4, endian)
    if directory < 8:
        raise ImageCorrupt("The TIFF's directory overlaps its header.")
    found: dict[int, int] = {}
    for index in range(unsigned(data, directory, 2, endian)):
        entry = directory + 2 + 12 * index
        tag = unsigned(data, entry, 2, endian)
        if tag in {_WIDTH, _HEIGHT} and tag not in found:
            found[tag] = _value(data, entry, endian)
        if len(found) == 2:
            return found[_WIDTH], found[_HEIGHT]
    raise ImageCorrupt("The TIFF's directory does not give a width and a height.")


def _value(data: bytes, entry: int, endian: Endian) -> int:
    length = _LENGTHS.get(unsigned(data, entry + 2, 2, endian))
    if length is None or unsigned(data, entry + 4, 4, endian) != 1:
        raise ImageCorrupt("The TIFF gives its size in a field of the wrong type.")
    return unsigned(data, entry + 8, length, endian)
