"""TIFF 6.0 (Adobe, 1992): one grey picture, little-endian, strips that stay in the cache.

16 bits are less their left neighbor (predictor 2) and deflated (Adobe's Technical Note of 2002),
which every reader knows; floats are stored as they are: their low bits are noise.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
from isal import isal_zlib
from numpy.typing import NDArray

Pixels = NDArray[np.uint16] | NDArray[np.float32]

_HEADER = struct.pack("<2sHI", b"II", 42, 8)  # the directory follows at once
_SHORT, _LONG, _ASCII = (3, "H"), (4, "I"), (2, "s")
_NOT_COMPRESSED, _DEFLATE = 1, 8
_PLAIN, _DIFFERENCES = 1, 2
_UNSIGNED, _FLOAT = 1, 3
_MIN_IS_BLACK = 1
_LEVEL = 1

Entry = tuple[int, tuple[int, str], tuple[int, ...] | bytes]


def encode_tiff(
    shape: tuple[int, ...], rows_per_strip: int, strips: Iterable[Pixels], description: str
) -> bytes:
    """Return the TIFF of a picture of `shape` that comes in strips of `rows_per_strip` rows.

    Strips are all uint16 or all float32; each is done with before the next is asked.
    `description` (ASCII) becomes ImageDescription.
    """
    kind: np.dtype[Any] = np.dtype(np.uint16)
    packed = []
    for strip in strips:
        kind = strip.dtype
        packed.append(_packed(strip))
    lengths = tuple(len(strip) for strip in packed)
    # the size of the directory does not depend on the offsets that it holds
    start = len(_directory(_entries(shape, kind, rows_per_strip, lengths, lengths, description)))
    offsets = np.cumsum([len(_HEADER) + start, *lengths[:-1]])
    places = tuple(int(offset) for offset in offsets)
    entries = _entries(shape, kind, rows_per_strip, places, lengths, description)
    return b"".join([_HEADER, _directory(entries), *packed])


def _packed(strip: Pixels) -> bytes:
    if strip.dtype != np.uint16:
        return strip.astype("<f4", copy=False).tobytes()
    differences = strip.astype("<u2")
    differences[:, 1:] -= strip[:, :-1]  # wraps, as the format wants
    return bytes(isal_zlib.compress(differences.tobytes(), _LEVEL))


def _entries(
    shape: tuple[int, ...],
    kind: np.dtype[Any],
    rows_per_strip: int,
    offsets: tuple[int, ...],
    lengths: tuple[int, ...],
    description: str,
) -> list[Entry]:
    """Return the directory's entries: tag, type, values; in the order of their tags."""
    deep = kind.kind == "u"
    return [
        (256, _LONG, (shape[1],)),
        (257, _LONG, (shape[0],)),
        (258, _SHORT, (8 * kind.itemsize,)),
        (259, _SHORT, (_DEFLATE if deep else _NOT_COMPRESSED,)),
        (262, _SHORT, (_MIN_IS_BLACK,)),
        (270, _ASCII, description.encode("ascii") + b"\0"),
        (273, _LONG, offsets),
        (277, _SHORT, (1,)),
        (278, _LONG, (rows_per_strip,)),
        (279, _LONG, lengths),
        (317, _SHORT, (_DIFFERENCES if deep else _PLAIN,)),
        (339, _SHORT, (_UNSIGNED if deep else _FLOAT,)),
    ]


def _directory(entries: list[Entry]) -> bytes:
    """Return the image file directory, behind it the values that do not fit into its entries."""
    beyond = len(_HEADER) + 2 + 12 * len(entries) + 4
    rows, values = [struct.pack("<H", len(entries))], b""
    for tag, kind, value in entries:
        packed = b"".join(_values(kind[1], value))
        rows.append(struct.pack("<HHI", tag, kind[0], len(value)))
        if len(packed) <= 4:
            rows.append(packed.ljust(4, b"\0"))
        else:
            rows.append(struct.pack("<I", beyond + len(values)))
            values += packed + b"\0" * (len(packed) % 2)  # on word boundaries
    return b"".join([*rows, struct.pack("<I", 0), values])


def _values(code: str, value: tuple[int, ...] | bytes) -> Iterator[bytes]:
    if isinstance(value, bytes):
        yield value
    else:
        yield struct.pack(f"<{len(value)}{code}", *value)
