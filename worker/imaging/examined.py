"""What a file's structure tells before any codec sees it, and the bytes that the codec gets."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Examined:
    """One picture as found in its file."""

    data: bytes  # without what is no part of the picture, and ended if it was cut
    exif: bytes | None = None  # None: the codec knows
    alpha: bool = False  # there may be transparent pixels
    truncated: bool = False  # the file ends before it says it does
    deep: bool = False  # more than 8 bits a channel
    scans: int = 1  # passes over all pixels
