"""A form with a tar of files, streamed: its length is known before the first byte is read."""

from __future__ import annotations

import secrets
import tarfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from client.errors import LocalProblem

_CHUNK = 256 * 1024
_BLOCK = tarfile.BLOCKSIZE
_END = bytes(2 * _BLOCK)


class ArchiveForm:
    """A multipart body: the field `spec`, then the file `archive` made of `files` (name → path).

    The same files give the same bytes: times and owners are left out. It can be sent again.
    """

    def __init__(self, spec: str, files: Mapping[str, Path]) -> None:
        boundary = secrets.token_hex(16)
        self.content_type = f"multipart/form-data; boundary={boundary}"
        self._before = _head(boundary, 'name="spec"', "application/json") + spec.encode()
        self._before += b"\r\n" + _head(
            boundary, 'name="archive"; filename="archive.tar"', "application/x-tar"
        )
        self._after = f"\r\n--{boundary}--\r\n".encode()
        self._members = [(path, *_header(name, path)) for name, path in files.items()]

    @property
    def length(self) -> int:
        """Bytes of the whole body."""
        tar = sum(len(header) + size + _padding(size) for _, header, size in self._members)
        return len(self._before) + tar + len(_END) + len(self._after)

    def __iter__(self) -> Iterator[bytes]:
        """Yield the body. Raises LocalProblem when a file has changed since it was measured."""
        yield self._before
        for path, header, size in self._members:
            yield header
            yield from _content(path, size)
            yield bytes(_padding(size))
        yield _END
        yield self._after


def _head(boundary: str, disposition: str, media_type: str) -> bytes:
    lines = (
        f"--{boundary}",
        f"Content-Disposition: form-data; {disposition}",
        f"Content-Type: {media_type}",
    )
    return "".join(f"{line}\r\n" for line in (*lines, "")).encode()


def _header(name: str, path: Path) -> tuple[bytes, int]:
    member = tarfile.TarInfo(name)
    try:
        member.size = path.stat().st_size
    except OSError as exc:
        raise LocalProblem(f"cannot read {path}: {exc.strerror}") from exc
    return member.tobuf(tarfile.PAX_FORMAT), member.size


def _content(path: Path, size: int) -> Iterator[bytes]:
    left = size
    try:
        with path.open("rb") as file:
            while left and (chunk := file.read(min(_CHUNK, left))):
                left -= len(chunk)
                yield chunk
    except OSError as exc:
        raise LocalProblem(f"cannot read {path}: {exc.strerror}") from exc
    if left:
        raise LocalProblem(f"{path} changed while it was uploaded; run the command again")


def _padding(size: int) -> int:
    return -size % _BLOCK
