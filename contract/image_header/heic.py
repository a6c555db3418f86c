"""HEIC (HEVC in HEIF, ISO/IEC 23008-12): what phones write; boxes as in AVIF."""

from __future__ import annotations

from contract.image_header.avif import brands, size

__all__ = ["matches", "size"]

_STILL = frozenset({b"heic", b"heix"})
OTHER_BRANDS = frozenset({b"heim", b"heis", b"hevm", b"hevs", b"hevc", b"hevx", b"msf1"})


def matches(data: bytes) -> bool:
    """Tell whether `data` starts as a still HEIC image: no sequence, no layers, no views."""
    major, *compatible = brands(data) or (b"",)
    return major not in OTHER_BRANDS and not _STILL.isdisjoint((major, *compatible))
