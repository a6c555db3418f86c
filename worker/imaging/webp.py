"""WebP as RIFF chunks (RFC 9649): alpha, EXIF, and whether the file is all there."""

from __future__ import annotations

from worker.imaging.examined import Examined

_FIRST_CHUNK = 12
_LEAST_SHARE = 10  # what is there of a cut file: a tenth, or it is not worth filling up
_MOST_CHUNKS = 1_000_000  # bounds the time a hostile file can take


def examine(data: bytes) -> Examined:
    """Return the file, padded with zeros if it was cut: libwebp needs the announced length."""
    promised = int.from_bytes(data[4:8], "little") + 8
    missing = promised - len(data)
    cut = 1 < missing < _LEAST_SHARE * len(data)  # 1: the last chunk's padding, often forgotten
    exif, clear = b"", _header_says_alpha(data)
    position = _FIRST_CHUNK
    for _ in range(_MOST_CHUNKS):
        kind, length = data[position : position + 4], data[position + 4 : position + 8]
        if len(length) < 4 or position >= promised:  # what follows is no part of the picture
            break
        end = position + 8 + int.from_bytes(length, "little")
        if kind == b"EXIF":
            exif = data[position + 8 : end]
        clear |= kind == b"ALPH"
        position = end + end % 2
    return Examined(data + bytes(missing) if cut else data, exif, clear, truncated=cut)


def _header_says_alpha(data: bytes) -> bool:
    if data[12:16] == b"VP8X":
        return bool(data[20] & 0x10)
    return data[12:16] == b"VP8L" and bool(data[24] & 0x10)
