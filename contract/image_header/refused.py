"""File types that are recognised and never accepted: the error names them."""

from __future__ import annotations

from contract.image_header import heic
from contract.image_header.avif import brands

_JPEG_XL, _JPEG_2000 = "JPEG XL images", "JPEG 2000 images"
_MAGICS = (
    (b"\xff\x0a", _JPEG_XL),
    (b"\0\0\0\x0cJXL ", _JPEG_XL),
    (b"\0\0\0\x0cjP  ", _JPEG_2000),
    (b"\xff\x4f\xff\x51", _JPEG_2000),
    (b"FUJIFILMCCD-RAW", "Fujifilm's raw photos (RAF)"),
    (b"IIRO", "Olympus' raw photos (ORF)"),
    (b"IIU\0", "Panasonic's raw photos (RW2)"),
    (b"II\x2b\0", "BigTIFF images"),
    (b"MM\0\x2b", "BigTIFF images"),
    (b"8BPS", "Photoshop documents"),
    (b"\x76\x2f\x31\x01", "OpenEXR images"),
    (b"%PDF", "PDF documents"),
    (b"PK\x03\x04", "Zip archives"),
)
_BRANDS = {b"crx ": "Canon's raw photos (CR3)", b"mif1": "HEIF images that are not HEVC or AV1"}
_VIDEO = frozenset({b"isom", b"iso2", b"mp41", b"mp42", b"qt  ", b"M4V ", b"avc1"})


def refused(data: bytes) -> str | None:
    """Return what the file that starts with `data` is, in the plural, or None if unknown."""
    own = next(iter(brands(data)), b"")
    if own in heic.OTHER_BRANDS:
        return f"HEIC sequences and layered HEIC images (brand {own.decode()})"
    if own in _VIDEO or own.startswith(b"3g"):
        return "Videos (they go to POST /v1/videos)"
    if own in _BRANDS:
        return _BRANDS[own]
    if data[:64].lstrip()[:5].lower() in {b"<svg ", b"<?xml"}:
        return "SVG and XML files"
    return next((what for magic, what in _MAGICS if data.startswith(magic)), None)
