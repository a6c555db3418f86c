"""A multipart form with a tar of files, streamed; its length is known before it is read."""

from __future__ import annotations

import secrets
import tarfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from client.errors import LocalProblem
from client.files.steady import SteadyFile
from client.plain import visible

_CHUNK = 256 * 1024
_BLOCK = tarfile.BLOCKSIZE
_END = bytes(2 * _BLOCK)


class ArchiveForm:
    """A multipart body: the field `spec`, then the file `archive` made of `files` (name → path).

    The same files give the same bytes: times and owners are left out. It can be sent again.
    A file that changes meanwhile goes into `spoiled`, with the reason, and its bytes are made up;
    without `spoiled` it ends the sending.
    """

    def __init__(
        self, spec: str, files: Mapping[str, Path], spoiled: dict[str, str] | None = None
    ) -> None:
        self._spoiled = spoiled
        boundary = secrets.token_hex(16)
        self.content_type = f"multipart/form-data; boundary={boundary}"
        self._before = _head(boundary, 'name="spec"', "application/json") + spec.encode()
        self._before += b"\r\n" + _head(
            boundary, 'name="archive"; filename="archive.tar"', "application/x-tar"
        )
        self._after = f"\r\n--{boundary}--\r\n".encode()
        self._members = [(name, path, *_header(name, path)) for name, path in files.items()]

    @property
    def length(self) -> int:
        """Bytes of the whole body."""
        tar = sum(len(header) + size + _padding(size) for *_, header, size in self._members)
        return len(self._before) + tar + len(_END) + len(self._after)

    def __iter__(self) -> Iterator[bytes]:
        """Yield the body. Raises LocalProblem when a file has changed since it was measured."""
        if self._spoiled is not None:
            self._spoiled.clear()
        yield self._before
        for name, path, header, size in self._members:
            yield header
            yield from self._content(name, path, size)
            yield bytes(_padding(size))
        yield _END
        yield self._after

    def _content(self, name: str, path: Path, size: int) -> Iterator[bytes]:
        left = size
        try:
            for chunk in _chunks(path, size):
                left -= len(chunk)
                yield chunk
        except LocalProblem as problem:
            if self._spoiled is None:
                raise
            self._spoiled[name] = problem.message
        while left:  # Content-Length was sent already
            filling = bytes(min(_CHUNK, left))
            left -= len(filling)
            yield filling


def _head(boundary: str, disposition: str, media_type: str) -> bytes:
    lines = (
        f"--{boundary}",
        f"Content-Disposition: form-data; {disposition}",
        f"Content-Type: {media_type}",
    )
    return "".join(f"{line}\r\n" for line in (*lines, "")).encode()


def _header(name: str, path: Path) -> tuple[bytes, int]:
    member = tarfile.TarInfo(name)
    with SteadyFile(path) as file:
        member.size = file.size
    return member.tobuf(tarfile.PAX_FORMAT), member.size


def _chunks(path: Path, size: int) -> Iterator[bytes]:
    with SteadyFile(path) as file:
        if file.size != size:
            raise LocalProblem(
                f"{visible(str(path))} changed while it was uploaded; run the command again"
            )
        while chunk := file.read(_CHUNK):
            yield chunk


def _padding(size: int) -> int:
    return -size % _BLOCK
