"""Bytes → upright RGB pixels. Runs in the child process, whose environment limits cv2."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from contract.errors import ImageCorrupt, ImageTooLarge, ImageUndecodable
from contract.image_header import ImageHeader
from worker.models.prepare import LONG_SIDE_PX

# A JPEG is decoded at 1/2, 1/4 or 1/8 as long as its long side stays this many times the
# network's: docs/decisions/ says what that changes.
REDUCED_MARGIN = 3
SCANS_AT_FULL_SIZE = 20  # of max_pixels; encoders write 10 or so
_REDUCED = {
    8: cv2.IMREAD_REDUCED_GRAYSCALE_8,
    4: cv2.IMREAD_REDUCED_GRAYSCALE_4,
    2: cv2.IMREAD_REDUCED_GRAYSCALE_2,
    1: 0,
}


@dataclass(frozen=True)
class Picture:
    """Decoded pixels, possibly at reduced scale, and the upright size at full scale in px."""

    rgb: NDArray[np.uint8]  # (h, w, 3)
    width: int
    height: int


def decode(data: bytes | memoryview, header: ImageHeader) -> Picture:
    """Return the image upright, without alpha, 8 bits a channel, first frame if there are several.

    Raises ImageUndecodable, ImageCorrupt if the pixels contradict the header, or ImageTooLarge
    if the memory does not suffice.
    """
    factor = reduction(header)
    rgb = _imdecode(data, cv2.IMREAD_COLOR_RGB | _REDUCED[factor])
    width, height = header.width, header.height
    expected = (_divided(height, factor), _divided(width, factor))
    if rgb.shape[:2] == expected:
        return Picture(rgb, width, height)
    if rgb.shape[:2] == expected[::-1]:  # turned by its EXIF orientation
        return Picture(rgb, height, width)
    raise ImageCorrupt(
        f"The header gives {width} x {height} pixels, the image itself has another size."
    )


def check_scans(data: bytes, header: ImageHeader, max_pixels: int) -> None:
    """Raise ImageUndecodable for a JPEG that would keep the decoder busy with scans over scans.

    Each scan of a progressive JPEG is a pass over all pixels, and costs the sender a few bytes.
    The marker cannot stand within coded pixels, so that counting it in the file is an upper bound.
    """
    if header.media_type != "image/jpeg":
        return
    scans = data.count(b"\xff\xda")
    if scans * header.width * header.height > SCANS_AT_FULL_SIZE * max_pixels:
        raise ImageUndecodable(f"The JPEG has {scans} scans, too many for its size.")


def reduction(header: ImageHeader) -> int:
    """Return the divisor (1, 2, 4, 8) at which the image is to be decoded."""
    if header.media_type != "image/jpeg":
        return 1
    long_side = max(header.width, header.height)
    return next(
        factor
        for factor in _REDUCED
        if factor == 1
        or (long_side >= factor * REDUCED_MARGIN * LONG_SIDE_PX and _tells_turned(header, factor))
    )


def _tells_turned(header: ImageHeader, factor: int) -> bool:
    """Whether the reduced size still shows if the image was turned, so that full size follows."""
    same = _divided(header.width, factor) == _divided(header.height, factor)
    return not same or header.width == header.height


def _divided(side: int, factor: int) -> int:
    return -(-side // factor)  # libjpeg rounds up


def _imdecode(data: bytes | memoryview, flags: int) -> NDArray[np.uint8]:
    try:
        rgb = cv2.imdecode(np.frombuffer(data, np.uint8), flags)
    except MemoryError as exc:
        raise _too_large() from exc
    except cv2.error as exc:
        if exc.code == cv2.Error.StsNoMem:
            raise _too_large() from exc
        raise ImageUndecodable("The image's pixels cannot be read.") from exc
    if rgb is None:
        raise ImageUndecodable("The image's pixels cannot be read; it is damaged or cut off.")
    if rgb.dtype != np.uint8 or rgb.ndim != 3 or rgb.shape[2] != 3:
        raise ImageUndecodable(f"The image's pixels have an unexpected form ({rgb.dtype}).")
    return rgb  # type: ignore[no-any-return]


def _too_large() -> ImageTooLarge:
    return ImageTooLarge("Decoding the image needs more memory than a decoder is given.")
