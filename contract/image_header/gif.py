"""GIF (GIF89a specification): the logical screen's size follows the signature."""

from __future__ import annotations

from contract.image_header.fields import Size, unsigned


def matches(data: bytes) -> bool:
    """Tell whether `data` starts as a GIF file."""
    return data[:6] in {b"GIF87a", b"GIF89a"}


def size(data: bytes) -> Size:
    """Return width and height of the logical screen in px."""
    return unsigned(data, 6, 2, "little"), unsigned(data, 8, 2, "little")
