"""Small pictures in every format, made on the spot."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
from PIL import Image

FORMATS = ("JPEG", "PNG", "WEBP", "AVIF", "TIFF", "BMP", "GIF")  # HEIC: tests/cases/images
EXTRA = ("tiff", "bmp", "gif")


def photo(width: int = 64, height: int = 48, mode: str = "RGB") -> Image.Image:
    """Return a smooth picture whose corners differ, so that every turn of it shows."""
    y, x = np.mgrid[0:height, 0:width]
    ramps = (255 * x / max(width - 1, 1), 255 * y / max(height - 1, 1), 90 + 0 * x)
    return Image.fromarray(np.stack(ramps, -1).astype(np.uint8)).convert(mode)


def encoded(image: Image.Image, file_format: str, **options: Any) -> bytes:
    """Return the picture as a file; lossless or nearly so unless told otherwise."""
    lossless = {"JPEG": {"quality": 98}, "WEBP": {"lossless": True}, "AVIF": {"quality": 98}}
    file = io.BytesIO()
    image.save(file, file_format, **{**lossless.get(file_format, {}), **options})
    return file.getvalue()


def with_orientation(image: Image.Image, file_format: str, orientation: int) -> bytes:
    """Return the picture as a file whose EXIF says how to turn it."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    return encoded(image, file_format, exif=exif.tobytes())
