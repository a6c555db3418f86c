"""AVIF (AV1 in HEIF, ISO/IEC 23008-12): the size is an `ispe` property of an item."""

from __future__ import annotations

from collections.abc import Iterator

from contract.errors import ImageCorrupt
from contract.image_header.fields import Size, take, unsigned

_BRANDS = frozenset({b"avif", b"avis"})
_MOST_BOXES = 1_000  # bounds the time a hostile file can take
_Box = tuple[bytes, int, int]  # type, start and end of the content


def matches(data: bytes) -> bool:
    """Tell whether `data` starts as an AVIF file: the brand, or one of the compatible brands."""
    if data[4:8] != b"ftyp":
        return False
    brands = data[8 : min(int.from_bytes(data[:4], "big"), 256)]
    return any(brands[at : at + 4] in _BRANDS for at in range(0, len(brands), 4))


def size(data: bytes) -> Size:
    """Return the largest size that any item declares, in px: what a decoder might allocate."""
    meta = _child(data, 0, None, b"meta")
    properties = _child(data, meta[1] + 4, meta[2], b"iprp")  # meta is a full box: 4 bytes more
    container = _child(data, properties[1], properties[2], b"ipco")
    sizes = [
        (unsigned(data, start + 4, 4), unsigned(data, start + 8, 4))
        for kind, start, _ in _boxes(data, container[1], container[2])
        if kind == b"ispe"
    ]
    if not sizes:
        raise ImageCorrupt("The AVIF does not give a width and a height.")
    return max(sizes, key=lambda size: size[0] * size[1])


def _child(data: bytes, start: int, end: int | None, wanted: bytes) -> _Box:
    for box in _boxes(data, start, end):
        if box[0] == wanted:
            return box
    raise ImageCorrupt(f"The AVIF has no {wanted.decode()} box.")


def _boxes(data: bytes, start: int, end: int | None) -> Iterator[_Box]:
    """Yield the boxes between `start` and `end` (None: to wherever the file ends)."""
    for _ in range(_MOST_BOXES):
        if end is not None and start + 8 > end:
            return
        length, kind = unsigned(data, start, 4), take(data, start + 4, 4)
        if length < 8:  # 0 and 1 (to the end, 64 bits) have no place in front of a size
            raise ImageCorrupt("An AVIF box has an impossible length.")
        yield kind, start + 8, start + length
        start += length
    raise ImageCorrupt(f"The AVIF has more than {_MOST_BOXES} boxes side by side.")
