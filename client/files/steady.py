"""Reads files that must not change between measuring and sending: whole, or an error."""

from __future__ import annotations

import io
import os
import stat
from collections.abc import Mapping
from pathlib import Path

from client.errors import LocalProblem
from client.plain import visible


class SteadyFile(io.RawIOBase):
    """A file of the size it has now. Raises LocalProblem where it cannot be read or changes."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path
        try:
            # A pipe would wait for its writer.
            self._file = open(path, "rb", opener=_at_once)  # noqa: SIM115 - closed below
        except OSError as exc:
            raise LocalProblem(f"cannot read {visible(str(path))}: {exc.strerror}") from exc
        about = os.fstat(self._file.fileno())
        if not stat.S_ISREG(about.st_mode):
            self._file.close()
            raise LocalProblem(f"cannot read {visible(str(path))}: it is not a file")
        self.size = about.st_size
        self._modified_ns = about.st_mtime_ns

    def readable(self) -> bool:
        """Always true."""
        return True

    def seekable(self) -> bool:
        """Always true."""
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Seek; the end is that of the measured size."""
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self.tell(), os.SEEK_END: self.size}[whence]
        return self._file.seek(base + offset)

    def tell(self) -> int:
        """Return the place."""
        return self._file.tell()

    def read(self, size: int = -1) -> bytes:
        """Read up to the measured size; the last read checks that the file is unchanged."""
        left = self.size - self.tell()
        try:
            data = self._file.read(left if size < 0 else min(size, left))
        except OSError as exc:
            raise LocalProblem(f"cannot read {visible(str(self._path))}: {exc.strerror}") from exc
        if not data or self.tell() >= self.size:
            self._check()
        return data

    def _check(self) -> None:
        about = os.fstat(self._file.fileno())
        if (about.st_size, about.st_mtime_ns) != (self.size, self._modified_ns):
            raise LocalProblem(
                f"{visible(str(self._path))} changed while it was sent; run the command again"
            )

    def close(self) -> None:
        """Close the file."""
        if hasattr(self, "_file"):
            self._file.close()
        super().close()


def readable(files: Mapping[str, Path]) -> tuple[dict[str, Path], dict[str, str]]:
    """Return the files that can be sent, and of the others, by their path, why not."""
    reasons = {name: unreadable(path) for name, path in files.items()}
    good = {name: path for name, path in files.items() if reasons[name] is None}
    return good, {str(files[name]): why for name, why in reasons.items() if why is not None}


def unreadable(path: Path) -> str | None:
    """Return why the file cannot be sent; None: it can."""
    try:
        SteadyFile(path).close()
    except LocalProblem as problem:
        return problem.message
    return None


def _at_once(path: str, flags: int) -> int:
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))
