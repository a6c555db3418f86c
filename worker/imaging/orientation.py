"""How a picture is to be turned: read from its EXIF, done to its pixels."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from contract.errors import ImageCorrupt
from contract.image_header.fields import Endian, unsigned

PREFIX = b"Exif\0\0"  # in front of a JPEG's EXIF always, of a WebP's by mistake
_TAG = 0x0112
_BYTES = {1: 1, 3: 2, 4: 4}  # of a field's type: it should be SHORT, 3, and is not always
_ENDIAN: dict[bytes, Endian] = {b"II": "little", b"MM": "big"}


def orientation(exif: bytes) -> int:
    """Return the orientation, 1 to 8; 1 where EXIF does not say, or makes no sense."""
    tiff = exif.removeprefix(PREFIX)
    endian = _ENDIAN.get(tiff[:2])
    if endian is None:
        return 1
    try:
        found = _entry(tiff, endian)
    except ImageCorrupt:  # it ends within itself
        return 1
    return found if 1 <= found <= 8 else 1


def _entry(tiff: bytes, endian: Endian) -> int:
    directory = unsigned(tiff, 4, 4, endian)
    for index in range(unsigned(tiff, directory, 2, endian)):
        entry = directory + 2 + 12 * index
        if unsigned(tiff, entry, 2, endian) == _TAG:
            length = _BYTES.get(unsigned(tiff, entry + 2, 2, endian), 2)
            return unsigned(tiff, entry + 8, length, endian)
    return 1


def turned(pixels: NDArray[np.uint8], orientation: int) -> NDArray[np.uint8]:
    """Return the pixels, (h, w, 3), upright: as EXIF `orientation` says they were stored."""
    upright: Any = pixels
    if orientation in (5, 7):
        upright = cv2.transpose(upright)
    if orientation in (3, 7):
        upright = cv2.rotate(upright, cv2.ROTATE_180)
    elif orientation in (2, 4):
        upright = cv2.flip(upright, 1 if orientation == 2 else 0)
    elif orientation == 6:
        upright = cv2.rotate(upright, cv2.ROTATE_90_CLOCKWISE)
    elif orientation == 8:
        upright = cv2.rotate(upright, cv2.ROTATE_90_COUNTERCLOCKWISE)
    return upright  # type: ignore[no-any-return]
