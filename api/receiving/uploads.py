"""Receives one file chunk by chunk, counted and hashed on the way; in memory, then on disk."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterator
from tempfile import TemporaryFile
from types import TracebackType
from typing import IO, BinaryIO, Self, cast

from flask import Request

from api.answers.errors import LengthRequired
from contract.errors import ImageTooLarge, InvalidRequest, StorageUnavailable

CHUNK_BYTES = 64 * 1024
READ_BYTES = 256 * 1024  # of a body at a time: hashing each releases the interpreter's lock
# Larger uploads go to disk, so that many at once do not fill the memory.
IN_MEMORY_BYTES = 1024 * 1024
DISK_FULL = "The disk for uploads is full; try again later."


@contextlib.contextmanager
def _using_disk() -> Iterator[None]:
    """Turn a full disk into StorageUnavailable."""
    try:
        yield
    except OSError as exc:
        raise StorageUnavailable(DISK_FULL) from exc


class Upload:
    """The bytes of one uploaded file during the request. Closing it deletes them.

    `what` it is: the name of its field in a form. A small file stays in memory as plain bytes,
    which a store sends as they are; a file object would be read in pieces, each under the GIL.
    """

    def __init__(self, max_bytes: int, what: str = "image") -> None:
        self.max_bytes, self.what = max_bytes, what
        self._memory = bytearray()
        self._file: IO[bytes] | None = None  # instead, for a large one
        self._hash = hashlib.sha256()
        self.size = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._memory = bytearray()
        with contextlib.suppress(OSError):  # a second attempt would fail too
            if self._file is not None:
                self._file.close()

    def write(self, chunk: bytes | bytearray) -> None:
        """Append `chunk`. Raises ImageTooLarge, or StorageUnavailable when the disk is full."""
        if self.size + len(chunk) > self.max_bytes:
            raise ImageTooLarge(f"The {self.what} has more than {self.max_bytes} bytes.")
        if self.size + len(chunk) <= IN_MEMORY_BYTES:
            self._memory += chunk
        else:
            self._write_to_disk(chunk)
        self._hash.update(chunk)
        self.size += len(chunk)

    def _write_to_disk(self, chunk: bytes | bytearray) -> None:
        with _using_disk():
            if self._file is None:
                self._file = TemporaryFile()  # noqa: SIM115 - closed by us
                self._file.write(self._memory)
                self._memory = bytearray()
            self._file.write(chunk)

    @property
    def sha256(self) -> str:
        """The digest of all bytes so far, hexadecimal."""
        return self._hash.hexdigest()

    def head(self, length: int) -> bytes:
        """Return the first `length` bytes, or all if there are fewer."""
        if self._file is None:
            return bytes(self._memory[:length])
        with _using_disk():
            self._file.seek(0)
            return self._file.read(length)

    def content(self) -> bytes | BinaryIO:
        """Return all bytes as a store takes them: as such, or as a file at its beginning."""
        if self._file is None:
            return bytes(self._memory)
        with _using_disk():
            self._file.seek(0)
        return cast("BinaryIO", self._file)


def body_chunks(request: Request, max_bytes: int) -> Iterator[bytes]:
    """Yield the body of `request` in pieces; refuse it if it is too long or has no stated length.

    Bytes are counted here, because werkzeug truncates a chunked body at its limit without an error.
    Raises LengthRequired, ImageTooLarge, InvalidRequest (the body ended early).
    """
    expected = request.content_length or 0  # neither length nor encoding: there is no body
    if request.headers.get("Transfer-Encoding"):
        raise LengthRequired("Send the body with a Content-Length header.")
    if expected > max_bytes:
        raise ImageTooLarge(f"The body has {expected} bytes; at most {max_bytes} are accepted.")
    received = 0
    while chunk := request.stream.read(READ_BYTES):
        received += len(chunk)
        if received > max_bytes:
            raise ImageTooLarge(f"The body has more than {max_bytes} bytes.")
        yield chunk
    if received != expected:
        raise InvalidRequest(f"The body ended after {received} of {expected} bytes.")


def receive_raw(request: Request, upload: Upload) -> None:
    """Fill `upload` with the whole body of `request`."""
    for chunk in body_chunks(request, upload.max_bytes):
        upload.write(chunk)
