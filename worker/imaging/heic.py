"""HEIC by libheif and libde265, as pi-heif brings them; of a file its primary picture and its EXIF.

By the compiled module alone: pi-heif's own reader also takes depth and thumbnails apart, which
nothing here needs, and dies of an item whose type is no text.
"""

from __future__ import annotations

import contextlib
from typing import Any

import _pi_heif
from PIL import Image

from contract.errors import ImageUndecodable

_THREADS, _EIGHT_BITS, _BGR, _REMOVE_STRIDE, _SIXTEEN_BITS = 1, True, False, True, True
_ANY_DECODER, _NO_LIMITS = "", False
EXIF = "heic_exif"  # not Pillow's own: what boxes have turned, EXIF must not turn again
_EXIF_OFFSET_BYTES = 4  # ISO/IEC 23008-12, A.2.1: where the TIFF header begins


def picture(data: bytes, most_pixels: int) -> Image.Image:
    """Return the picture, turned and cropped as its boxes say. Raises whatever libheif raises."""
    images = _pi_heif.load_file(
        data,
        _THREADS,
        _EIGHT_BITS,
        _BGR,
        _REMOVE_STRIDE,
        _SIXTEEN_BITS,
        _ANY_DECODER,
        _NO_LIMITS,
    )
    primary = next((image for image in images if image is not None and image.primary), None)
    if primary is None:
        raise ImageUndecodable("The HEIC has no picture that can be read.")
    (width, height), _ = primary.size_mode
    if width * height > most_pixels:
        raise ImageUndecodable("The image itself is larger than its header says.")
    pixels = primary.data
    size, mode = primary.size_mode  # decoding may find another
    # a copy: the pixels are libheif's, and go with `images`
    image = Image.frombytes(mode, size, pixels, "raw", mode, primary.stride)
    image.info[EXIF] = _exif(primary)
    return image


def _exif(primary: Any) -> bytes:
    """Return the EXIF of a picture, b"" if it has none that can be read."""
    with contextlib.suppress(Exception):  # an item of metadata that is none: the picture is there
        for item in primary.metadata:
            if item["type"] == "Exif":
                return bytes(item["data"][_EXIF_OFFSET_BYTES:])
    return b""
