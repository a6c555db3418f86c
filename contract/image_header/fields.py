"""Bounds-checked reading of integers, and the one error for bytes that are not there."""

from __future__ import annotations

from typing import Literal

from contract.errors import ImageCorrupt

Endian = Literal["little", "big"]
Size = tuple[int, int]  # width, height, px


class NeedMoreBytes(ImageCorrupt):
    """The data end before the size. A caller with only the head of a file reads more and retries.

    For other callers it is its base class: a broken file. `at_least` is a lower bound of the length
    needed, in bytes.
    """

    def __init__(self, at_least: int) -> None:
        super().__init__("The image ends within its header; it was probably cut off.")
        self.at_least = at_least


class Unsupported(Exception):  # noqa: N818
    """A file type that is recognised but not supported; `what` names it, in the plural."""

    def __init__(self, what: str) -> None:
        super().__init__(what)
        self.what = what


def take(data: bytes, start: int, length: int) -> bytes:
    """Return `length` bytes from `start`, or raise NeedMoreBytes."""
    if start + length > len(data):
        raise NeedMoreBytes(start + length)
    return data[start : start + length]


def unsigned(data: bytes, start: int, length: int, endian: Endian = "big") -> int:
    """Return the unsigned integer of `length` bytes at `start`, or raise NeedMoreBytes."""
    return int.from_bytes(take(data, start, length), endian)
