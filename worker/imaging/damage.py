"""What decoders say of damage that they mended by guessing, in words that stay the same."""

from __future__ import annotations

from collections.abc import Iterable

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


def damage(lines: Iterable[str]) -> tuple[str, ...]:
    """Return the codes of all damage that `lines` tell of, each once."""
    said = "\n".join(lines).lower()
    return tuple(code for code, signs in _SIGNS.items() if any(sign in said for sign in signs))
