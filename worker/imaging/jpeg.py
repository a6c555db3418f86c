"""JPEG as markers (ITU-T T.81, B.1): where the first image ends, and what it takes to decode it."""

from __future__ import annotations

import re

from contract.errors import ImageUndecodable
from worker.imaging.examined import Examined
from worker.imaging.exif import PREFIX

_END = b"\xff\xd9"
_EXIF, _SCAN, _STANDALONE = 0xE1, 0xDA, frozenset({0x01, 0xD8})
# What may stand within coded pixels is stepped over: stuffed bytes, restarts, fill.
_MARKER = re.compile(rb"\xff([\x01-\xcf\xd8-\xfe])", re.DOTALL)
_MOST_SEGMENTS = 100_000  # bounds the time a hostile file can take


def examine(data: bytes) -> Examined:
    """Return the first image of the file: phones put videos and more pictures behind it."""
    position, scans, exif, first_scan = 2, 0, b"", len(data)
    for _ in range(_MOST_SEGMENTS):
        found = _MARKER.search(data, position)
        if found is None:
            return _unended(data, len(data), first_scan, scans, exif)
        marker, position = found[1][0], found.end()
        if found[0] == _END:
            return Examined(_until(data, position), exif, scans=scans)
        if marker in _STANDALONE:
            continue
        length = int.from_bytes(data[position : position + 2], "big")
        if length < 2 or position + length > len(data):
            return _unended(data, found.start(), first_scan, scans, exif)
        if marker == _SCAN:
            scans, first_scan = scans + 1, min(first_scan, position)
        elif marker == _EXIF and not exif and data.startswith(PREFIX, position + 2):
            exif = data[position + 2 : position + length]
        position += length
    raise ImageUndecodable(f"The JPEG has more than {_MOST_SEGMENTS} segments.")


def _unended(data: bytes, end: int, first_scan: int, scans: int, exif: bytes) -> Examined:
    """Return what there is of an image without an end marker, and give it one: libjpeg insists.

    `end`: where the last whole segment ends. Damage may hide a marker that is there.
    """
    hidden = data.rfind(_END, first_scan)
    if hidden >= 0:
        return Examined(_until(data, hidden + 2), exif, scans=scans)
    return Examined(data[:end] + _END, exif, truncated=True, scans=scans)


def _until(data: bytes, end: int) -> bytes:
    return data if end == len(data) else data[:end]
