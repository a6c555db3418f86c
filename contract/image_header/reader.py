"""Finds the format by its magic bytes and asks that format's reader for the size."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from contract.errors import ImageCorrupt, ImageTooLarge, UnsupportedMediaType
from contract.image_header import avif, bmp, gif, heic, jpeg, png, tiff, webp
from contract.image_header.fields import NeedMoreBytes, Size, Unsupported
from contract.image_header.refused import refused

__all__ = ["DEFAULT_FORMATS", "ImageHeader", "NeedMoreBytes", "check_limits", "read_header"]


@dataclass(frozen=True)
class ImageHeader:
    """What the header says: sizes in px, before EXIF orientation."""

    media_type: str
    width: int
    height: int


@dataclass(frozen=True)
class _Format:
    name: str
    label: str
    matches: Callable[[bytes], bool]
    size: Callable[[bytes], Size]

    @property
    def media_type(self) -> str:
        return f"image/{self.name}"


_FORMATS = (
    _Format("jpeg", "JPEG", jpeg.matches, jpeg.size),
    _Format("png", "PNG", png.matches, png.size),
    _Format("webp", "WebP", webp.matches, webp.size),
    _Format("avif", "AVIF", avif.matches, avif.size),
    _Format("heic", "HEIC", heic.matches, heic.size),
    _Format("tiff", "TIFF", tiff.matches, tiff.size),
    _Format("gif", "GIF", gif.matches, gif.size),
    _Format("bmp", "BMP", bmp.matches, bmp.size),  # last: its magic is only two bytes long
)
DEFAULT_FORMATS = frozenset({"jpeg", "png", "webp", "avif", "heic"})
_LONGEST_MAGIC = 12


def read_header(data: bytes, extra_formats: Iterable[str] = ()) -> ImageHeader:
    """Return format and size of the image that starts with `data`.

    `data` is the whole file or its head; most say their size in the first 64 KiB, except behind
    huge metadata. `extra_formats` names formats accepted beyond the default ones (`tiff bmp gif`).
    Raises UnsupportedMediaType, ImageCorrupt, or its subclass NeedMoreBytes when `data` ends too
    early.
    """
    found = _find(data, extra_formats)
    if found.name not in DEFAULT_FORMATS and found.name not in extra_formats:
        raise _refusal(f"{found.label} images", extra_formats)
    try:
        width, height = found.size(data)
    except Unsupported as exc:
        raise _refusal(exc.what, extra_formats) from None
    if width < 1 or height < 1:
        raise ImageCorrupt(f"The {found.label} header gives a size of {width} x {height} pixels.")
    return ImageHeader(found.media_type, width, height)


def check_limits(header: ImageHeader, max_pixels: int) -> None:
    """Raise ImageTooLarge if the image has more than `max_pixels` pixels."""
    if header.width * header.height > max_pixels:
        raise ImageTooLarge(
            f"The image has {header.width} x {header.height} pixels; "
            f"at most {max_pixels / 1e6:g} megapixels are accepted."
        )


def _find(data: bytes, extra_formats: Iterable[str]) -> _Format:
    for candidate in _FORMATS:
        if candidate.matches(data):
            return candidate
    if not data:
        raise ImageCorrupt("The image is empty (0 bytes).")
    if len(data) < _LONGEST_MAGIC and data[:4] in {b"RIFF", b"\x89PNG"}:
        raise NeedMoreBytes(_LONGEST_MAGIC)
    raise _refusal(refused(data) or "Such files", extra_formats)


def _refusal(what: str, extra_formats: Iterable[str]) -> UnsupportedMediaType:
    accepted = [f.label for f in _FORMATS if f.name in DEFAULT_FORMATS or f.name in extra_formats]
    return UnsupportedMediaType(f"{what} are not accepted; send {', '.join(accepted)}.")
