"""What OpenCV cannot do, or not rightly: alpha, cut PNG, TIFF, BMP, GIF, AVIF, HEIC. By Pillow."""

from __future__ import annotations

import io
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import AvifImagePlugin, Image, ImageFile, TiffImagePlugin, WebPImagePlugin

from contract.errors import ImageTooLarge, ImageUndecodable
from worker.imaging import heic
from worker.imaging.exif import focal_35mm

FORMATS = {
    "image/png": "PNG",
    "image/webp": "WEBP",
    "image/tiff": TiffImagePlugin.TiffImageFile.format,
    "image/bmp": "BMP",
    "image/gif": "GIF",
    "image/avif": AvifImagePlugin.AvifImageFile.format,
}
BACKGROUND = 255  # white: what a browser shows behind a transparent picture
_BAND_ROWS = 256  # converted at a time: the whole picture twice would be too much
_SIXTEEN_BITS = frozenset({"I;16", "I;16L", "I;16B", "I;16N"})
_UNKNOWN_RANGE = frozenset({"I", "F"})  # 32-bit samples: no telling what is white
_ORIENTATION = 0x0112


@dataclass(frozen=True)
class Pixels:
    """RGB without alpha, (h, w, 3), how EXIF says to turn it, and the focal length it tells."""

    rgb: NDArray[np.uint8]
    orientation: int = 1
    deep: bool = False
    focal_35mm: float | None = None


def get_ready() -> None:
    """Load every codec now: a confined process can open no file any more."""
    Image.preinit()
    assert WebPImagePlugin.SUPPORTED  # noqa: S101
    Image.MAX_IMAGE_PIXELS = None  # the header reader has the limits
    AvifImagePlugin.DEFAULT_MAX_THREADS = 1


def read(data: bytes, media_type: str, *, mend: bool, most_pixels: int) -> Pixels:
    """Return the first picture, composed on white where it is transparent.

    `mend`: what is missing at the end stays black. Raises ImageUndecodable or ImageTooLarge.
    """
    ImageFile.LOAD_TRUNCATED_IMAGES = mend
    try:
        with _opened(data, media_type, most_pixels) as image:
            image.load()
            deep = image.mode in _SIXTEEN_BITS
            focal = focal_35mm(_exif(image, data, media_type))
            return Pixels(rgb_of(image), _orientation(image), deep, focal)
    except ImageUndecodable:
        raise
    except Exception as exc:  # codecs raise exceptions of any type
        if _lacks_memory(exc):
            raise ImageTooLarge(
                "Decoding the image needs more memory than a decoder is given."
            ) from exc
        raise ImageUndecodable(
            "The image's pixels cannot be read; it is damaged or cut off."
        ) from exc


def _opened(data: bytes, media_type: str, most_pixels: int) -> Image.Image:
    if media_type == "image/heic":
        return heic.picture(data, most_pixels)
    image = Image.open(io.BytesIO(data), formats=[FORMATS[media_type]])
    if image.width * image.height > most_pixels:
        raise ImageUndecodable("The image itself is larger than its header says.")
    return image


def _orientation(image: Image.Image) -> int:
    found = image.getexif().get(_ORIENTATION)
    return found if isinstance(found, int) and 1 <= found <= 8 else 1


def _exif(image: Image.Image, data: bytes, media_type: str) -> bytes:
    if media_type == "image/tiff":  # EXIF has the form of a TIFF
        return data
    if media_type == "image/heic":
        return heic.exif(data)
    return bytes(image.info.get("exif") or b"")


def _lacks_memory(exc: Exception) -> bool:
    said = str(exc)  # libheif calls it a memory error, too, if the pixels are more than announced
    return isinstance(exc, MemoryError) or ("emory" in said and "Security limit" not in said)


def rgb_of(image: Image.Image) -> NDArray[np.uint8]:
    """Return 8 bits a channel, on white. Raises ImageUndecodable for samples of 32 bits."""
    if image.mode in _UNKNOWN_RANGE:
        raise ImageUndecodable("Samples of 32 bits are not read: their range is not known.")
    rgb = np.empty((image.height, image.width, 3), np.uint8)
    convert = _deep_band if image.mode in _SIXTEEN_BITS else _band
    for top in range(0, image.height, _BAND_ROWS):
        bottom = min(top + _BAND_ROWS, image.height)
        band = image.crop((0, top, image.width, bottom))
        rgb[top:bottom] = convert(band)
    return rgb


def _band(band: Image.Image) -> NDArray[np.uint8]:
    if not band.has_transparency_data:
        return np.asarray(band.convert("RGB"))
    white = Image.new("RGBA", band.size, (BACKGROUND,) * 4)
    return np.asarray(Image.alpha_composite(white, band.convert("RGBA")).convert("RGB"))


def _deep_band(band: Image.Image) -> NDArray[np.uint8]:
    samples = np.asarray(band)
    grey = (samples >> 8).astype(np.uint8)
    grey[samples == band.info.get("transparency", -1)] = BACKGROUND
    return np.repeat(grey[..., None], 3, axis=2)
