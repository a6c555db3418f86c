"""Unpacks xz with a memory limit, which `lzma.open` lacks: a header may ask for 4 GiB."""

from __future__ import annotations

import lzma
from typing import BinaryIO

MEMORY_BYTES = 96 * 1024**2  # the highest level of `xz` needs 65 MiB
_CHUNK_BYTES = 256 * 1024


class Xz:
    """A stream of what one or more xz streams unpack to.

    Raises LZMAError on damage and on what needs more memory, EOFError where it is cut.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._unpacker = _unpacker()

    def read(self, size: int = _CHUNK_BYTES) -> bytes:
        """Return up to `size` bytes, none at the end."""
        while not self._unpacker.eof or self._next_stream():
            packed = b""
            if self._unpacker.needs_input and not (packed := self._file.read(_CHUNK_BYTES)):
                raise EOFError("the xz stream is cut")
            if data := self._unpacker.decompress(packed, size):
                return data
        return b""

    def _next_stream(self) -> bool:
        """Begin with the stream behind the present one, if there is one."""
        rest = self._unpacker.unused_data.lstrip(b"\0") or self._file.read(_CHUNK_BYTES)
        while rest and not (rest := rest.lstrip(b"\0")):  # padding
            rest = self._file.read(_CHUNK_BYTES)
        if not rest:
            return False
        self._unpacker = _unpacker()
        self._file.seek(-len(rest), 1)
        return True


def _unpacker() -> lzma.LZMADecompressor:
    return lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=MEMORY_BYTES)
