"""Reads what an image says of itself in its first bytes: format, width, height. No pixels.

Goes by magic bytes, never by names or declared types. Pure Python over bytes, so that the API
can refuse an upload before keeping it, and the decoding child before allocating for it.
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
