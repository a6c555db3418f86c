"""Writes into a finished file which network and weights it comes from, where its format can say so.

One place for all outputs, so that none is forgotten. Films get it while they are written, because
their headers cannot grow afterwards (worker.videos.files). Formats without a place for it (NumPy,
PFM, XYZ, plain text, Opus) are described by the job's document alone; depth files carry more of
their own (encoding.about). Pixels, points and samples are not changed.
"""

from __future__ import annotations

import io
import json
import struct
import zipfile
from collections.abc import Callable, Iterable

from contract.jobs import ModelInfo
from worker.outputs.encoding.jpeg import with_comment
from worker.outputs.encoding.png import with_text
from worker.outputs.encoding.xmp import packet

_XMP_FLAG = 0x04
_XMP_BASIC = "http://ns.adobe.com/xap/1.0/"
_GLB_HEADER = struct.Struct("<4sII")
_LAS_HEADER_BYTES = 227
_LAS_TEXT = 3  # "text area description" (LAS 1.2, variable length records)


def origin_of(model: ModelInfo) -> str:
    """Return the sentence that files carry, in ASCII."""
    return origin_line(model.name, [model.weights_id])


def origin_line(model: str, weights: Iterable[str]) -> str:
    """Return the same of what was computed in parts, perhaps by several weights or unknown ones."""
    known = sorted({*weights} - {""})
    parts = ["depthq", f"model {model}", *([f"weights {', '.join(known)}"] if known else [])]
    return "; ".join(parts).encode("ascii", "replace").decode()


def with_origin(data: bytes, extension: str, origin: str) -> bytes:
    """Return the file with `origin` in it, or as it is if its format has no place for that."""
    write = _WRITERS.get(extension)
    return write(data, origin) if write else data


def _jpeg(data: bytes, origin: str) -> bytes:
    return with_comment(data, origin.encode())


def _png(data: bytes, origin: str) -> bytes:
    return with_text(data, "Software", origin)


def _webp(data: bytes, origin: str) -> bytes:
    """XMP in the extended form (RFC 9649), which a simple file is brought to first."""
    body = data[12:]
    if not body.startswith(b"VP8X"):
        body = _extended(body)
    flags = body[8] | _XMP_FLAG
    said = packet({"xmp": _XMP_BASIC}, {"xmp:CreatorTool": origin})
    body = body[:8] + bytes([flags]) + body[9:] + _riff_chunk(b"XMP ", said)
    return _riff(b"WEBP", body)


def _extended(body: bytes) -> bytes:
    """Return the chunks of a simple lossy file behind the header of the extended form."""
    frame = body.index(b"\x9d\x01\x2a") + 3  # start code of a key frame (RFC 6386, 9.1)
    width, height = (side & 0x3FFF for side in struct.unpack_from("<HH", body, frame))
    sides = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    return _riff_chunk(b"VP8X", bytes(4) + sides) + body


def _wav(data: bytes, origin: str) -> bytes:
    software = b"INFO" + _riff_chunk(b"ISFT", origin.encode() + b"\0")
    return _riff(b"WAVE", data[12:] + _riff_chunk(b"LIST", software))


def _glb(data: bytes, origin: str) -> bytes:
    """`asset.extras` of the JSON chunk, which stands first (glTF 2.0, 4.4)."""
    start = _GLB_HEADER.size
    length = int.from_bytes(data[start : start + 4], "little")
    document = json.loads(data[start + 8 : start + 8 + length])
    document["asset"].setdefault("extras", {})["origin"] = origin
    text = json.dumps(document, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 4)
    rest = data[start + 8 + length :]
    size = start + 8 + len(text) + len(rest)
    head = _GLB_HEADER.pack(b"glTF", 2, size) + len(text).to_bytes(4, "little") + b"JSON"
    return head + text + rest


def _ply(data: bytes, origin: str) -> bytes:
    magic, form, rest = data.split(b"\n", 2)
    return b"\n".join([magic, form, b"comment " + origin.encode(), rest])


def _las(data: bytes, origin: str) -> bytes:
    """A variable length record behind the header, which counts it and says where points begin."""
    text = origin.encode()
    record = struct.pack("<H16sHH32s", 0, b"LASF_Spec", _LAS_TEXT, len(text), b"origin") + text
    header = bytearray(data[:_LAS_HEADER_BYTES])
    struct.pack_into("<II", header, 96, len(header) + len(record), 1)
    return bytes(header) + record + data[_LAS_HEADER_BYTES:]


def _zip(data: bytes, origin: str) -> bytes:
    file = io.BytesIO(data)
    with zipfile.ZipFile(file, "a") as archive:
        archive.comment = origin.encode()
    return file.getvalue()


def _riff(kind: bytes, body: bytes) -> bytes:
    return b"RIFF" + (4 + len(body)).to_bytes(4, "little") + kind + body


def _riff_chunk(name: bytes, content: bytes) -> bytes:
    return name + len(content).to_bytes(4, "little") + content + bytes(len(content) % 2)


_WRITERS: dict[str, Callable[[bytes, str], bytes]] = {
    "jpg": _jpeg,
    "png": _png,
    "webp": _webp,
    "wav": _wav,
    "glb": _glb,
    "ply": _ply,
    "las": _las,
    "zip": _zip,
}
