"""An open file, read without opening anything: the confinement forbids that."""

from __future__ import annotations

import io
import os


class OpenFile(io.RawIOBase):
    """The open file `fd` as PyAV and zipfile read one."""

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._size = os.lseek(fd, 0, os.SEEK_END)  # fstat is not among the allowed calls
        self._at = 0

    def read(self, size: int = -1) -> bytes:
        """Return up to `size` bytes."""
        data = os.pread(self._fd, self._size - self._at if size < 0 else size, self._at)
        self._at += len(data)
        return data

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Move to `offset`."""
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._size}[whence]
        self._at = max(0, base + offset)
        return self._at

    def tell(self) -> int:
        """Return where the next read begins."""
        return self._at

    def readable(self) -> bool:
        """Return True."""
        return True

    def seekable(self) -> bool:
        """Return True."""
        return True
