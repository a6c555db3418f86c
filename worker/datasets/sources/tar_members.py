"""The members of a tar, read as a stream; stricter than Python's own reader."""

from __future__ import annotations

import re
import tarfile
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO, cast

from worker.datasets.sources.archive_budget import CHUNK_BYTES, MAX_TOTAL_BYTES, Budget, Counted
from worker.datasets.sources.left_out import LINKS, LeftOut

MAX_HEADER_BYTES = 1024 * 1024  # of a tar member's extended header, which is read into memory
_HEADER_TYPES = (
    tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.SOLARIS_XHDTYPE,
    tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK,
)  # fmt: skip
_DIGITS = re.compile(rb"\d{300}")  # more than any name or number in such a header


def tar_members(
    file: BinaryIO, budget: Budget, wanted: Callable[[str], bool], left_out: LeftOut
) -> Iterator[tuple[str, BinaryIO]]:
    """Yield the wanted members' names and streams. Raises InvalidRequest, TarError on damage."""
    stream = Counted(file, budget)  # headers and what is passed over count too
    with tarfile.open(  # type: ignore[call-overload]
        fileobj=stream, mode="r|", tarinfo=_TarInfo, bufsize=CHUNK_BYTES, encoding="utf-8"
    ) as archive:
        while (member := archive.next()) is not None:
            archive.members.clear()  # tarfile would keep all members in memory
            budget.entry()
            if member.islnk() or member.issym() or member.issparse():
                left_out.add(LINKS)
            elif member.isreg() and wanted(member.name):
                content = archive.extractfile(member)
                if content is not None:
                    yield member.name, cast("BinaryIO", content)


class _TarInfo(tarfile.TarInfo):
    """A member with valid sizes only; damage ends the archive instead of hiding the rest."""

    @classmethod
    def fromtarfile(cls, tarfile_: tarfile.TarFile) -> _TarInfo:
        """Return the next member, also behind an end mark: tars may be joined with `cat`."""
        zeros, source = 0, cast("BinaryIO", tarfile_.fileobj)
        while (block := source.read(tarfile.BLOCKSIZE)) and not any(block):
            zeros += 1
        tarfile_.offset += zeros * tarfile.BLOCKSIZE
        try:
            member: Any = cls.frombuf(block, tarfile_.encoding or "utf-8", "surrogateescape")
        except tarfile.EmptyHeaderError:  # type: ignore[attr-defined]
            if tarfile_.offset:
                raise
            raise tarfile.ReadError("it is empty") from None
        except tarfile.HeaderError as exc:
            if zeros:  # data after an end mark that are no tar are ignored
                raise tarfile.EOFHeaderError("end of file header") from exc  # type: ignore[attr-defined]
            raise tarfile.ReadError(f"a member's header is damaged: {exc}") from exc
        member.offset = source.tell() - tarfile.BLOCKSIZE
        found: _TarInfo = cls._sane(member._proc_member(tarfile_))
        return found

    def _proc_member(self, archive: tarfile.TarFile) -> tarfile.TarInfo:
        self._sane(self)
        if self.type in _HEADER_TYPES and self.size > MAX_HEADER_BYTES:
            raise tarfile.ReadError("an extended header is too large")
        member: tarfile.TarInfo = super()._proc_member(archive)  # type: ignore[misc]
        return member

    def _proc_pax(self, archive: tarfile.TarFile) -> tarfile.TarInfo:
        """Check the header first: older Pythons parse a million digits for hours."""
        stream: Any = archive.fileobj
        data = stream.read(self._block(self.size))  # type: ignore[attr-defined]
        if _DIGITS.search(data):
            raise tarfile.ReadError("an extended header is damaged")
        archive.fileobj = cast("Any", _Prefixed(data, stream))
        try:
            member: tarfile.TarInfo = super()._proc_pax(archive)  # type: ignore[misc]
        finally:
            archive.fileobj = stream
        return member

    @staticmethod
    def _sane(member: Any) -> Any:
        if not 0 <= member.size <= MAX_TOTAL_BYTES:
            raise tarfile.ReadError(f"a member says that it has {member.size} bytes")
        return member


class _Prefixed:
    """A stream with bytes put back in front of it."""

    def __init__(self, data: bytes, stream: BinaryIO) -> None:
        self._data = data
        self._stream = stream

    def read(self, size: int) -> bytes:
        """Read as files do."""
        if not self._data:
            return self._stream.read(size)
        data, self._data = self._data[:size], self._data[size:]
        return data

    def tell(self) -> int:
        """Return where the stream is."""
        return self._stream.tell() - len(self._data)
