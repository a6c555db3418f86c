"""Reads format, width and height from the first bytes of an image. Decodes no pixels.

Uses magic bytes, never names or declared types. Pure Python over bytes, so that the API can refuse
an upload before it is stored, and the decoding child before it allocates memory.
"""

from __future__ import annotations

from contract.image_header.reader import (
    DEFAULT_FORMATS,
    ImageHeader,
    NeedMoreBytes,
    check_limits,
    read_header,
)

__all__ = ["DEFAULT_FORMATS", "ImageHeader", "NeedMoreBytes", "check_limits", "read_header"]
