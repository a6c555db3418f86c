"""PNG as chunks (W3C PNG 3rd edition): only those of the still picture reach the codec.

Animation, texts, profiles and times are left out, with whatever is wrong in them.
"""

from __future__ import annotations

from contract.errors import ImageUndecodable
from worker.imaging.examined import Examined

_SIGNATURE_BYTES, _FRAME_BYTES = 8, 12  # a chunk's length, type and checksum
_KEPT = frozenset({b"IHDR", b"PLTE", b"tRNS", b"IDAT"})
_END = bytes(4) + b"IEND\xaeB`\x82"
_WITH_ALPHA = frozenset({4, 6})  # colour types
_MOST_CHUNKS = 1_000_000  # bounds the time a hostile file can take


def examine(data: bytes) -> Examined:
    """Return the still picture. Of a cut file its last, broken chunk is kept."""
    exif, clear = b"", data[25] in _WITH_ALPHA  # the header reader has checked IHDR
    kept: list[bytes] = []
    position, left_out = _SIGNATURE_BYTES, False
    for _ in range(_MOST_CHUNKS):
        kind = data[position + 4 : position + 8]
        end = position + _FRAME_BYTES + int.from_bytes(data[position : position + 4], "big")
        ended = kind == b"IEND"
        if ended or end > len(data):
            break
        if kind in _KEPT:
            kept.append(data[position:end])
            clear |= kind == b"tRNS"
        else:
            left_out = True
            exif = data[position + 8 : end - 4] if kind == b"eXIf" else exif
        position = end
    else:
        raise ImageUndecodable(f"The PNG has more than {_MOST_CHUNKS} chunks.")
    if left_out or not ended:
        rest = _END if ended else _broken(data[position:])
        data = b"".join([data[:_SIGNATURE_BYTES], *kept, rest])
    return Examined(data, exif, clear, truncated=not ended, deep=data[24] == 16)


def _broken(chunk: bytes) -> bytes:
    return chunk if chunk[4:8] == b"IDAT" else b""
