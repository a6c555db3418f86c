"""JPEG files with more in them than pixels (ITU-T T.81; JFIF comes first, then what we add)."""

from __future__ import annotations

from collections.abc import Iterable

import cv2
import numpy as np
from numpy.typing import NDArray

from worker.outputs.encoding.picture_files import encoded

QUALITY = 92
APP1 = 0xE1
_APPLICATION = range(0xE0, 0xF0)
_COMMENT = 0xFE
MOST_PAYLOAD_BYTES = 65_533  # a segment's length counts its own two bytes
_HALF_COLOR = cv2.IMWRITE_JPEG_SAMPLING_FACTOR_420
_JFIF = b"\xff\xe0"


def encode_jpeg(
    rgb: NDArray[np.uint8], quality: int = QUALITY, *, full_color: bool = False
) -> bytes:
    """Return `rgb`, uint8 (h, w, 3), as JPEG. Raises InternalError if the encoder refuses it.

    Colors have half the resolution unless `full_color`.
    """
    bgr = cv2.cvtColor(np.ascontiguousarray(rgb), cv2.COLOR_RGB2BGR)
    return encode_bgr_jpeg(bgr, quality, full_color=full_color)


def encode_bgr_jpeg(
    bgr: NDArray[np.uint8], quality: int = QUALITY, *, full_color: bool = False
) -> bytes:
    """See `encode_jpeg`: for pictures that were made in the encoder's order to spare a copy."""
    sampling = cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444 if full_color else _HALF_COLOR
    settings = (cv2.IMWRITE_JPEG_QUALITY, quality, cv2.IMWRITE_JPEG_SAMPLING_FACTOR, sampling)
    return encoded(".jpg", bgr, settings)


def with_comment(jpeg: bytes, text: bytes) -> bytes:
    """Return `jpeg` with a comment (COM, B.2.4.5) behind its application segments."""
    end = 2
    while jpeg[end] == 0xFF and jpeg[end + 1] in _APPLICATION:
        end += 2 + int.from_bytes(jpeg[end + 2 : end + 4], "big")
    return b"".join([jpeg[:end], *_segment(_COMMENT, text), jpeg[end:]])


def with_segments(jpeg: bytes, payloads: Iterable[bytes], marker: int = APP1) -> bytes:
    """Return `jpeg` with a segment for each payload, behind its JFIF header."""
    start = 2
    if jpeg[2:4] == _JFIF:
        start = 4 + int.from_bytes(jpeg[4:6], "big")
    made = [part for payload in payloads for part in _segment(marker, payload)]
    return b"".join([jpeg[:start], *made, jpeg[start:]])


def _segment(marker: int, payload: bytes) -> tuple[bytes, ...]:
    return bytes([0xFF, marker]), (2 + len(payload)).to_bytes(2, "big"), payload
