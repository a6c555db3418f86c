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
    return not _BRANDS.isdisjoint(brands(data))


def brands(data: bytes) -> tuple[bytes, ...]:
    """Return the brands that the file names at its start, its own first; none if it is no HEIF."""
    if data[4:8] != b"ftyp":
        return ()
    end = min(int.from_bytes(data[:4], "big"), 256, len(data))
    starts = (8, *range(16, end - 3, 4))  # between them stands a version
    return tuple(data[at : at + 4] for at in starts)


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
        raise ImageCorrupt("The image does not give a width and a height.")
    return max(sizes, key=lambda size: size[0] * size[1])


def _child(data: bytes, start: int, end: int | None, wanted: bytes) -> _Box:
    for box in _boxes(data, start, end):
        if box[0] == wanted:
            return box
    raise ImageCorrupt(f"The image has no {wanted.decode()} box.")


def _boxes(data: bytes, start: int, end: int | None) -> Iterator[_Box]:
    """Yield the boxes between `start` and `end` (None: to wherever the file ends)."""
    for _ in range(_MOST_BOXES):
        if end is not None and start + 8 > end:
            return
        length, kind = unsigned(data, start, 4), take(data, start + 4, 4)
        content = start + 8
        if length == 1:  # it stands behind the type, in 64 bits
            length, content = unsigned(data, content, 8), content + 8
        if length < content - start:  # 0 (to the end) has no place in front of a size
            raise ImageCorrupt("A box of the image has an impossible length.")
        yield kind, content, start + length
        start += length
    raise ImageCorrupt(f"The image has more than {_MOST_BOXES} boxes side by side.")
