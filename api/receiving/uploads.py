"""Receives one file chunk by chunk, counted and hashed on the way; in memory, then on disk."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterator
from tempfile import SpooledTemporaryFile
from types import TracebackType
from typing import BinaryIO, Self, cast

from flask import Request

from api.answers.errors import LengthRequired
from contract.errors import ImageTooLarge, InvalidRequest, StorageUnavailable

CHUNK_BYTES = 64 * 1024
# Larger uploads go to disk, so that many at once do not fill the memory.
IN_MEMORY_BYTES = 1024 * 1024


@contextlib.contextmanager
def _using_disk() -> Iterator[None]:
    """Turn a full disk into StorageUnavailable."""
    try:
        yield
    except OSError as exc:
        raise StorageUnavailable("There is no room for uploads at present.") from exc


class Upload:
    """The bytes of one uploaded file during the request. Closing it deletes them.

    `what` it is: the name of its field in a form.
    """

    def __init__(self, max_bytes: int, what: str = "image") -> None:
        self.max_bytes, self.what = max_bytes, what
        self._spool = SpooledTemporaryFile(max_size=IN_MEMORY_BYTES)  # noqa: SIM115 - closed by us
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
        with contextlib.suppress(OSError):  # a second attempt would fail too
            self._spool.close()

    def write(self, chunk: bytes | bytearray) -> None:
        """Append `chunk`. Raises ImageTooLarge, or StorageUnavailable when the disk is full."""
        if self.size + len(chunk) > self.max_bytes:
            raise ImageTooLarge(f"The {self.what} has more than {self.max_bytes} bytes.")
        with _using_disk():
            self._spool.write(chunk)
        self._hash.update(chunk)
        self.size += len(chunk)

    @property
    def sha256(self) -> str:
        """The digest of all bytes so far, hexadecimal."""
        return self._hash.hexdigest()

    def head(self, length: int) -> bytes:
        """Return the first `length` bytes, or all if there are fewer."""
        with _using_disk():
            self._spool.seek(0)
            return self._spool.read(length)

    def reader(self) -> BinaryIO:
        """Return the bytes as a seekable file, at its beginning."""
        with _using_disk():
            self._spool.seek(0)
        return cast("BinaryIO", self._spool)


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
    while chunk := request.stream.read(CHUNK_BYTES):
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
