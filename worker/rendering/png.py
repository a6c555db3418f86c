"""PNG: the cheapest settings that measurement found, and text chunks put in afterwards."""

from __future__ import annotations

import zlib
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from contract.errors import InternalError

_AFTER_HEADER = 8 + 25  # signature, IHDR
# Smooth pictures: each row less the one above, level 1. Smaller and a third faster than trying
# all filters per row; docs/decisions/ has the table.
_SETTINGS = (
    cv2.IMWRITE_PNG_COMPRESSION, 1,
    cv2.IMWRITE_PNG_STRATEGY, cv2.IMWRITE_PNG_STRATEGY_DEFAULT,
    cv2.IMWRITE_PNG_FILTER, cv2.IMWRITE_PNG_FILTER_UP,
)  # fmt: skip


def encode_png(pixels: NDArray[np.uint8] | NDArray[np.uint16]) -> bytes:
    """Return `pixels`, grey (h, w) or BGR (h, w, 3), as a PNG file."""
    return encode(".png", pixels, _SETTINGS)


def with_text(png: bytes, keyword: str, text: str) -> bytes:
    """Return `png` with a `tEXt` chunk behind its header; `text` is Latin-1."""
    content = b"tEXt" + keyword.encode("latin-1") + b"\0" + text.encode("latin-1")
    chunk = (len(content) - 4).to_bytes(4, "big") + content + zlib.crc32(content).to_bytes(4, "big")
    return png[:_AFTER_HEADER] + chunk + png[_AFTER_HEADER:]


def encode(extension: str, pixels: NDArray[Any], settings: tuple[int, ...]) -> bytes:
    """Return `pixels` encoded by OpenCV. Raises InternalError if it cannot."""
    try:
        done, data = cv2.imencode(extension, pixels, settings)
    except cv2.error as exc:
        raise InternalError(f"the {extension} encoder refused {pixels.shape}: {exc}") from exc
    if not done:
        raise InternalError(f"the {extension} encoder refused an image of {pixels.shape}")
    return bytes(data)
