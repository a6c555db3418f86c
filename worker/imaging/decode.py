"""Bytes → upright RGB pixels. Runs in the child process, whose environment limits cv2."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from contract.errors import ImageCorrupt, ImageTooLarge, ImageUndecodable
from contract.image_header import ImageHeader
from worker.imaging import jpeg, pillow, png, webp
from worker.imaging.examined import Examined
from worker.imaging.exif import focal_35mm, orientation
from worker.imaging.orientation import turned
from worker.imaging.reduction import reduction

SCANS_AT_FULL_SIZE = 20  # of max_pixels; encoders write 10 or so
_REDUCED = {
    8: cv2.IMREAD_REDUCED_GRAYSCALE_8,
    4: cv2.IMREAD_REDUCED_GRAYSCALE_4,
    2: cv2.IMREAD_REDUCED_GRAYSCALE_2,
    1: 0,
}
_FLAGS = cv2.IMREAD_COLOR_RGB | cv2.IMREAD_IGNORE_ORIENTATION  # we turn every format ourselves
_CROPPED = frozenset({"image/avif", "image/heic"})
_BY_PILLOW = frozenset({"image/tiff", "image/bmp", "image/gif", "image/avif", "image/heic"})
_EXAMINED = {"image/jpeg": jpeg.examine, "image/png": png.examine, "image/webp": webp.examine}
_LOW_RANGE = 63  # of 255: sixteen bits of which at most fourteen are used


@dataclass(frozen=True)
class Picture:
    """Decoded pixels, possibly at reduced scale, and the upright size at full scale in px."""

    rgb: NDArray[np.uint8]  # (h, w, 3)
    width: int
    height: int
    damage: tuple[str, ...] = ()  # `truncated`, `low_range`
    focal_35mm: float | None = None  # mm


def decode(data: bytes, header: ImageHeader, max_pixels: int, long_side_px: int) -> Picture:
    """Return the image upright, on white, 8 bits a channel, the first if there are several.

    A JPEG may come smaller, but its long side keeps `long_side_px` if it has them.

    Raises ImageUndecodable, ImageCorrupt if the pixels contradict the header, or ImageTooLarge
    if the memory does not suffice.
    """
    examine = _EXAMINED.get(header.media_type)
    file = examine(data) if examine else Examined(data)
    _check_scans(file.scans, header, max_pixels)
    pixels, factor = _pixels(file, header, reduction(header, long_side_px))
    _check_size(pixels.rgb.shape, header, factor)
    turn, focal = pixels.orientation, pixels.focal_35mm
    if file.exif is not None:
        turn, focal = orientation(file.exif), focal_35mm(file.exif)
    rgb = turned(pixels.rgb, turn)
    low = (file.deep or pixels.deep) and rgb.max() <= _LOW_RANGE
    signs = (("truncated", file.truncated), ("low_range", low))
    damage = tuple(code for code, is_so in signs if is_so)
    if factor == 1:
        return Picture(rgb, rgb.shape[1], rgb.shape[0], damage, focal)
    upright = (header.height, header.width) if turn > 4 else (header.width, header.height)
    return Picture(rgb, *upright, damage, focal)


def _pixels(file: Examined, header: ImageHeader, divisor: int) -> tuple[pillow.Pixels, int]:
    """Return the pixels as stored, and the divisor of their scale: `divisor`, or 1."""
    mend = file.truncated and header.media_type == "image/png"
    if header.media_type in _BY_PILLOW or file.alpha or mend:
        most = header.width * header.height
        return pillow.read(file.data, header.media_type, mend=mend, most_pixels=most), 1
    return pillow.Pixels(_imdecode(file.data, _FLAGS | _REDUCED[divisor])), divisor


def _check_size(shape: tuple[int, ...], header: ImageHeader, factor: int) -> None:
    """Raise ImageCorrupt if the pixels are not those that the header promised."""
    expected = (_divided(header.height, factor), _divided(header.width, factor))
    if header.media_type in _CROPPED:  # boxes may crop and turn what the header gives the size of
        fits = shape[0] * shape[1] <= header.width * header.height
    else:
        fits = shape[:2] in {expected, expected[::-1]}
    if not fits:
        raise ImageCorrupt(
            f"The header gives {header.width} x {header.height} pixels, "
            "the image itself has another size."
        )


def _check_scans(scans: int, header: ImageHeader, max_pixels: int) -> None:
    """Raise ImageUndecodable for a JPEG that would keep the decoder busy with scans over scans.

    Each scan of a progressive JPEG is a pass over all pixels, and costs the sender a few bytes.
    """
    if scans * header.width * header.height > SCANS_AT_FULL_SIZE * max_pixels:
        raise ImageUndecodable(f"The JPEG has {scans} scans, too many for its size.")


def _divided(side: int, factor: int) -> int:
    return -(-side // factor)  # libjpeg rounds up


def _imdecode(data: bytes, flags: int) -> NDArray[np.uint8]:
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
