"""What EXIF says of a picture: how it is to be turned, and its focal length. Believed in bounds."""

from __future__ import annotations

from collections.abc import Iterator

from contract.errors import ImageCorrupt
from contract.image_header.fields import Endian, unsigned

PREFIX = b"Exif\0\0"  # in front of a JPEG's EXIF always, of a WebP's by mistake
LEAST_FOCAL_MM, MOST_FOCAL_MM = 1, 10_000
_ORIENTATION, _MORE_FIELDS, _FOCAL_35MM = 0x0112, 0x8769, 0xA405
_BYTES = {1: 1, 3: 2, 4: 4}  # of a field's type: it should be SHORT, 3, and is not always
_ENDIAN: dict[bytes, Endian] = {b"II": "little", b"MM": "big"}
_FIRST_DIRECTORY = 4  # offset of its offset


def orientation(exif: bytes) -> int:
    """Return the orientation, 1 to 8; 1 where EXIF does not say, or makes no sense."""
    found = _value(exif, _ORIENTATION)
    return found if found is not None and 1 <= found <= 8 else 1


def focal_35mm(exif: bytes) -> float | None:
    """Return the focal length on 35 mm film, in mm; None where EXIF does not say one in bounds."""
    found = _value(exif, _MORE_FIELDS, _FOCAL_35MM)
    if found is None or not LEAST_FOCAL_MM <= found <= MOST_FOCAL_MM:
        return None
    return float(found)


def _value(exif: bytes, *path: int) -> int | None:
    """Return the whole number of the last tag; the tags before it lead to its directory."""
    tiff = exif.removeprefix(PREFIX)
    endian = _ENDIAN.get(tiff[:2])
    if endian is None:
        return None
    try:
        found: int | None = unsigned(tiff, _FIRST_DIRECTORY, 4, endian)
        for tag in path:
            if found is None:
                return None
            found = next(_fields(tiff, found, tag, endian), None)
    except ImageCorrupt:  # it ends within itself
        return None
    return found


def _fields(tiff: bytes, directory: int, tag: int, endian: Endian) -> Iterator[int]:
    for index in range(unsigned(tiff, directory, 2, endian)):
        entry = directory + 2 + 12 * index
        if unsigned(tiff, entry, 2, endian) == tag:
            length = _BYTES.get(unsigned(tiff, entry + 2, 2, endian), 2)
            yield unsigned(tiff, entry + 8, length, endian)
