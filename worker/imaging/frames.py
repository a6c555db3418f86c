"""The wire between worker and decoding child: two lengths, a JSON object, raw bytes."""

from __future__ import annotations

import json
import os
import struct
from collections.abc import Callable
from typing import Any

HEAD = struct.Struct("<II")  # bytes of JSON, bytes of data
_MOST_META_BYTES = 16 * 1024
Meta = dict[str, Any]
Fill = Callable[[memoryview], None]


def head_and_meta(meta: Meta, data_bytes: int) -> bytes:
    """Return the start of a frame whose data has `data_bytes` bytes."""
    text = json.dumps(meta, separators=(",", ":")).encode()
    return HEAD.pack(len(text), data_bytes) + text


def read_frame(fill: Fill, most_bytes: int) -> tuple[Meta, bytearray]:
    """Read a frame by `fill`, which fills a buffer completely or raises.

    Raises ValueError on a frame that announces more than `most_bytes`, before allocating, or whose
    object is none, or larger than any honest one.
    """
    head = bytearray(HEAD.size)
    fill(memoryview(head))
    meta_bytes, data_bytes = HEAD.unpack(head)
    if meta_bytes > _MOST_META_BYTES or meta_bytes + data_bytes > most_bytes:
        raise ValueError(f"a frame of {meta_bytes} and {data_bytes} bytes is too long")
    text, data = bytearray(meta_bytes), bytearray(data_bytes)
    fill(memoryview(text))
    fill(memoryview(data))
    try:
        meta = json.loads(text)
    except RecursionError:
        raise ValueError("a frame begins with endless brackets") from None
    if not isinstance(meta, dict):
        raise ValueError("a frame begins with something else than an object")
    return meta, data


def blocking_fill(fd: int) -> Fill:
    """Return a fill that waits for ever; it raises EOFError when the other end is closed."""

    def fill(buffer: memoryview) -> None:
        while buffer:
            count = os.readv(fd, [buffer])
            if count == 0:
                raise EOFError
            buffer = buffer[count:]

    return fill


def write_all(fd: int, *parts: bytes | memoryview) -> None:
    """Write all parts, waiting as long as it takes; in one call, which wakes the reader once."""
    rest = [memoryview(part).cast("B") for part in parts]
    while rest:
        rest = without(rest, os.writev(fd, rest))


def without(parts: list[memoryview], count: int) -> list[memoryview]:
    """Return what is left of `parts` after their first `count` bytes."""
    left = []
    for part in parts:
        left.append(part[count:])
        count = max(0, count - len(part))
    return [part for part in left if part]
