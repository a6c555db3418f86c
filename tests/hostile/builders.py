"""Builds the parts of hostile files that no honest encoder writes."""

from __future__ import annotations

import struct
import zlib

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"


def png_chunk(kind: bytes, content: bytes) -> bytes:
    """Return a PNG chunk with a right checksum."""
    checksum = zlib.crc32(kind + content).to_bytes(4, "big")
    return len(content).to_bytes(4, "big") + kind + content + checksum


def png_bomb(width: int, height: int, depth: int = 8, color: int = 2) -> bytes:
    """Return a PNG whose rows are all zero: a thousand times smaller than its pixels."""
    samples = {0: 1, 2: 3, 6: 4}[color]
    row = bytes(1 + (width * samples * depth + 7) // 8)
    packer = zlib.compressobj(9)
    parts = [packer.compress(row * 64) for _ in range(height // 64)]
    parts += [packer.compress(row * (height % 64)), packer.flush()]
    header = struct.pack(">IIBBBBB", width, height, depth, color, 0, 0, 0)
    chunks = [png_chunk(b"IHDR", header), png_chunk(b"IDAT", b"".join(parts))]
    return PNG_SIGNATURE + b"".join(chunks) + png_chunk(b"IEND", b"")


def png_claiming(width: int, height: int) -> bytes:
    """Return a PNG that claims a size and holds three pixels."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    pixels = png_chunk(b"IDAT", zlib.compress(b"\0" * 10))
    return PNG_SIGNATURE + png_chunk(b"IHDR", header) + pixels + png_chunk(b"IEND", b"")


def webp_claiming(webp: bytes, width: int, height: int) -> bytes:
    """Return the WebP inside an extended header that claims another canvas."""
    flags = b"\0\0\0\0" + (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    chunks = b"WEBP" + b"VP8X" + struct.pack("<I", 10) + flags + webp[12:]
    return b"RIFF" + struct.pack("<I", len(chunks)) + chunks


def jpeg_claiming(jpeg: bytes, width: int, height: int) -> bytes:
    """Return the JPEG with another size in its frame header."""
    at = jpeg.index(b"\xff\xc0") + 5
    return jpeg[:at] + struct.pack(">HH", height, width) + jpeg[at + 4 :]


def jpeg_with_scans(progressive: bytes, count: int) -> bytes:
    """Return the progressive JPEG with its last scan `count` times: each costs a whole pass."""
    last = progressive.rindex(b"\xff\xda")
    scan = progressive[last:-2]  # up to the end-of-image marker
    return progressive[:last] + scan * count + progressive[-2:]


def tiff(width: int, height: int, pixels: bytes, bits: int, sample_format: int = 1) -> bytes:
    """Return a little-endian grey TIFF of one strip; `sample_format` 3 is floating point."""
    entries = [
        (256, 4, width), (257, 4, height), (258, 3, bits), (259, 3, 1), (262, 3, 1),
        (273, 4, 8), (277, 3, 1), (278, 4, height), (279, 4, len(pixels)), (339, 3, sample_format),
    ]  # fmt: skip
    packed = b"".join(struct.pack("<HHII", tag, kind, 1, value) for tag, kind, value in entries)
    directory = struct.pack("<H", len(entries)) + packed + bytes(4)
    return b"II*\0" + struct.pack("<I", 8 + len(pixels)) + pixels + directory


def flipped(data: bytes, seed: int, count: int, start: int = 0) -> bytes:
    """Return `data` with `count` bits flipped behind `start`, the same ones every time."""
    broken = bytearray(data)
    state = seed * 2654435761 + 1
    for _ in range(count):
        state = (state * 6364136223846793005 + 1442695040888963407) % 2**64
        broken[start + (state >> 33) % (len(data) - start)] ^= 1 << (state >> 30) % 8
    return bytes(broken)
