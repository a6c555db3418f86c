"""Stable codes for damage that decoders repaired by guessing."""

from __future__ import annotations

from collections.abc import Collection, Iterable

# code → how lines of libjpeg, libpng and libtiff begin or what they hold, in lower case; what they
# say of colour profiles and the like does not touch the picture and is left out
_SIGNS = {
    "truncated": ("premature end of jpeg file", "not enough image data", "read error on strip"),
    "corrupt_data": (
        "corrupt jpeg data",
        "inconsistent progression sequence",
        "crc error",
        "too much image data",
        "decompression error",
    ),
}


DAMAGE = (*_SIGNS, "low_range")
_ITS_MARK = "premature end of data segment"  # what libjpeg says where a cut file was ended


def damage(lines: Iterable[str], found: Collection[str] = ()) -> tuple[str, ...]:
    """Return the codes of all damage that `lines` tell of or that was `found`, each once."""
    said = "\n".join(line.lower() for line in lines if not _follows(line, found))
    told = {code for code, signs in _SIGNS.items() if any(sign in said for sign in signs)}
    return tuple(code for code in DAMAGE if code in told or code in found)


def _follows(line: str, found: Collection[str]) -> bool:
    return "truncated" in found and _ITS_MARK in line.lower()
