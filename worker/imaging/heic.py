"""HEIC by libheif and libde265, as pi-heif brings them: its primary picture, and its EXIF.

By the compiled module alone: pi-heif's own reader also takes metadata, depth and thumbnails apart,
which nothing here needs, and crashes on an item whose type is not UTF-8.
"""

from __future__ import annotations

import re

import _pi_heif
from PIL import Image

from contract.errors import ImageUndecodable

_THREADS, _EIGHT_BITS, _BGR, _REMOVE_STRIDE, _SIXTEEN_BITS = 1, True, False, True, True
_ANY_DECODER, _NO_LIMITS = "", False
_EXIF = re.compile(rb"Exif\0\0(II\*\0|MM\0\*)")
_MOST_EXIF_BYTES = 64 * 1024


def picture(data: bytes, most_pixels: int) -> Image.Image:
    """Return the picture, turned and cropped as its boxes say. Raises what libheif raises."""
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
    return Image.frombytes(mode, size, pixels, "raw", mode, primary.stride)


def exif(data: bytes) -> bytes:
    """Return from where the EXIF of a file begins; b"" if it has none.

    By its first ten bytes: listing metadata by libheif crashes on an item whose type is not UTF-8.
    """
    found = _EXIF.search(data)
    return data[found.start() : found.start() + _MOST_EXIF_BYTES] if found else b""
