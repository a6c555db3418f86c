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


def boxed(kind: bytes, *content: bytes) -> bytes:
    """Return an ISO box, as AVIF and HEIC consist of."""
    inside = b"".join(content)
    return struct.pack(">I", 8 + len(inside)) + kind + inside


def heif_claiming(heif: bytes, width: int, height: int) -> bytes:
    """Return the AVIF or HEIC with another size in all its `ispe` properties."""
    size = struct.pack(">II", width, height)
    parts = heif.split(b"ispe\0\0\0\0")
    return b"ispe\0\0\0\0".join([parts[0], *(size + part[8:] for part in parts[1:])])


def heic_grid(rows: int, columns: int, width: int, height: int) -> bytes:
    """Return a HEIC that is a grid of so many tiles, all of them one item that holds nothing."""
    descriptor = bytes([0, 1, rows - 1, columns - 1]) + struct.pack(">II", width, height)
    tiles = rows * columns
    items = b"".join(
        boxed(b"infe", struct.pack(">IHH", 2 << 24, number, 0), kind, b"\0")
        for number, kind in ((1, b"grid"), (2, b"hvc1"))
    )
    locations = struct.pack(">IBBH", 1 << 24, 0x44, 0, 1) + struct.pack(
        ">HHHHII", 1, 1, 0, 1, 0, len(descriptor)
    )
    references = boxed(b"dimg", struct.pack(">HH", 1, tiles), struct.pack(">H", 2) * tiles)
    properties = boxed(
        b"iprp",
        boxed(b"ipco", boxed(b"ispe", bytes(4), struct.pack(">II", width, height))),
        boxed(b"ipma", struct.pack(">IIHBB", 0, 1, 1, 1, 1)),
    )
    meta = boxed(
        b"meta", bytes(4),
        boxed(b"hdlr", bytes(8), b"pict", bytes(13)),
        boxed(b"pitm", struct.pack(">IH", 0, 1)),
        boxed(b"iinf", struct.pack(">IH", 0, 2), items),
        boxed(b"iref", bytes(4), references),
        properties,
        boxed(b"iloc", locations),
        boxed(b"idat", descriptor),
    )  # fmt: skip
    return boxed(b"ftyp", b"heic", bytes(4), b"mif1heic") + meta


def png_of_many_chunks(png: bytes, count: int) -> bytes:
    """Return the PNG with so many empty chunks behind its header."""
    return png[:33] + png_chunk(b"teSt", b"") * count + png[33:]


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
