"""Reads depth files back into floats: `read_depth(path)` for every `depth_format`.

16 bits give the floats within half of one of their 65,535 steps; the other formats are exact.
"""

from __future__ import annotations

import ast
import io
import json
import math
import struct
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, PngImagePlugin, UnidentifiedImageError

from client.depth_tiff import MAGIC as TIFF_MAGIC
from client.depth_tiff import read_tiff
from contract.errors import InvalidRequest

_KEYWORD = "depthq"
_EXR_MAGIC = 20000630
_EXR_FLOAT = 2
_DAMAGE = (
    ValueError,
    KeyError,
    TypeError,
    OverflowError,
    MemoryError,
    RecursionError,  # of JSON and of npy headers that are nothing but brackets
    struct.error,
    SyntaxError,  # Pillow's, for broken PNG chunks
    UnidentifiedImageError,
    Image.DecompressionBombError,
)
Bytes = bytes | bytearray | memoryview


@dataclass(frozen=True)
class DepthMap:
    """Relative inverse depth: larger is nearer, no unit, comparable within one picture only."""

    values: NDArray[np.float32]  # (h, w)
    meta: dict[str, Any] = field(default_factory=dict)  # what the file says of itself; may be empty


def read_depth(source: str | Path | Bytes) -> DepthMap:
    """Return the depth in a file (a path or its bytes); goes by content, not by name.

    Raises InvalidRequest if it is no depth file of ours, OSError if it cannot be read.
    """
    data = bytes(source) if isinstance(source, Bytes) else Path(source).read_bytes()
    try:
        depth = _read(data)
        if not depth.values.size:
            raise ValueError("it has no pixels")
        return depth
    except _DAMAGE as exc:
        raise InvalidRequest(f"The depth file is damaged: {exc}") from exc


def _read(data: bytes) -> DepthMap:
    if data[:8] == b"\x89PNG\r\n\x1a\n":
        return _read_png16(data)
    if data[:6] == b"\x93NUMPY":
        return _read_npy(data)
    if data[:3] == b"Pf\n":
        return _read_pfm(data)
    if data[:4] == struct.pack("<I", _EXR_MAGIC):
        return _read_exr(data)
    if data[:4] == TIFF_MAGIC:
        return _read_tiff(data)
    raise InvalidRequest("This is no depth file: expected a 16-bit PNG, npy, pfm, exr or TIFF.")


def _grey(values: NDArray[Any]) -> NDArray[np.float32]:
    if values.ndim != 2 or values.dtype.kind != "f":
        raise InvalidRequest(f"Expected a grey float image, not {values.dtype} {values.shape}.")
    return values.astype(np.float32, copy=False)


def _read_npy(data: bytes) -> DepthMap:
    # NumPy tries a damaged header again as one of Python 2, and fails in ways it does not document.
    length = int.from_bytes(data[8:10], "little")
    if data[6:8] != b"\1\0" or not isinstance(
        ast.literal_eval(data[10 : 10 + length].decode()), dict
    ):
        raise InvalidRequest("The npy file is not of version 1.0.")
    return DepthMap(_grey(np.load(io.BytesIO(data), allow_pickle=False)))


def _read_png16(data: bytes) -> DepthMap:
    with Image.open(io.BytesIO(data), formats=["PNG"]) as image:
        text = image.text.get(_KEYWORD) if isinstance(image, PngImagePlugin.PngImageFile) else None
        if text is None or not image.mode.startswith("I;16"):
            raise InvalidRequest("The PNG is no depth file of depthq: it lacks its description.")
        codes = np.asarray(image)
    return _from_codes(codes, _meta(text))


def _read_tiff(data: bytes) -> DepthMap:
    values, text = read_tiff(data)
    meta = _meta(text)
    return _from_codes(values, meta) if values.dtype.kind == "u" else DepthMap(_grey(values), meta)


def _meta(text: str | bytes) -> dict[str, Any]:
    meta = json.loads(text)
    if not isinstance(meta, dict):
        raise TypeError("its description is no JSON object")
    return meta


def _from_codes(codes: NDArray[Any], meta: dict[str, Any]) -> DepthMap:
    low, high = float(meta["min"]), float(meta["max"])
    if not math.isfinite(high - low):
        raise ValueError("its range has no end")
    return DepthMap((low + codes * ((high - low) / 65535)).astype(np.float32), meta)


def _read_pfm(data: bytes) -> DepthMap:
    _, size, scale, pixels = data.split(b"\n", 3)
    width, height = (int(side) for side in size.split())
    if width < 1 or height < 1:
        raise ValueError(f"its size is {width}x{height}")
    order = "<f4" if float(scale) < 0 else ">f4"
    rows = np.frombuffer(pixels, order, width * height).reshape(height, width)
    return DepthMap(rows[::-1].astype(np.float32))


def _read_exr(data: bytes) -> DepthMap:
    """Read what depthq writes: scan lines, one uncompressed float channel."""
    attributes, start = _exr_attributes(data)
    name, _, channel = attributes["channels"].partition(b"\0")
    plain = attributes["compression"] == b"\0" and channel[16:] == b"\0"
    if not plain or struct.unpack_from("<i", channel)[0] != _EXR_FLOAT or not name:
        raise InvalidRequest("The EXR was not written by depthq; read it with an OpenEXR library.")
    left, top, right, bottom = struct.unpack("<iiii", attributes["dataWindow"])
    width, height = right - left + 1, bottom - top + 1
    if width < 1 or height < 1:  # -1 rows would be as many as there are
        raise ValueError(f"its size is {width}x{height}")
    row = np.dtype([("y", "<i4"), ("bytes", "<i4"), ("pixels", "<f4", (width,))])
    rows = np.frombuffer(data, row, height, start + 8 * height)
    meta = _meta(attributes[_KEYWORD]) if _KEYWORD in attributes else {}
    return DepthMap(rows["pixels"].astype(np.float32), meta)


def _exr_attributes(data: bytes) -> tuple[dict[str, bytes], int]:
    """Return the header's attributes by name, and where the header ends."""
    found: dict[str, bytes] = {}
    position = 8
    while data[position : position + 1] not in {b"\0", b""}:
        name_end = data.index(b"\0", position)
        type_end = data.index(b"\0", name_end + 1)
        (length,) = struct.unpack_from("<i", data, type_end + 1)
        if length < 0:
            raise ValueError("an attribute of negative length")
        content = type_end + 5
        found[data[position:name_end].decode("latin-1")] = data[content : content + length]
        position = content + length
    return found, position + 1
