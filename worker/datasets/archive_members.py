"""The members of a zip or a tar as names and streams; links, folders and devices passed over."""

from __future__ import annotations

import bz2
import gzip
import lzma
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO, cast

from contract.archives import HEAD_BYTES, Kind, archive_kind
from contract.errors import InvalidRequest
from worker.datasets.archive_budget import CHUNK_BYTES, MAX_TOTAL_BYTES, Budget, Counted
from worker.datasets.left_out import LINKS, LeftOut

MAX_DIRECTORY_BYTES = 16 * 1024 * 1024  # of a zip: some 150,000 names, 100 MB when read
_DIRECTORY_SIZE = 5  # place in zipfile's end record
_ENCRYPTED, _UTF8_NAME = 0x1, 0x800  # flags of a zip's entry
MAX_HEADER_BYTES = 1024 * 1024  # of a tar member's extended header, which is read into memory
_HEADER_TYPES = (
    tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.SOLARIS_XHDTYPE,
    tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK,
)  # fmt: skip
BROKEN = (
    zipfile.BadZipFile,
    tarfile.TarError,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    OSError,  # what bz2 calls damage
    ValueError,  # names that are not in the encoding they claim, places before the beginning
    NotImplementedError,  # a compression method of which Python knows only the name
)
_UNPACKERS: dict[Kind, Callable[[BinaryIO], BinaryIO]] = {
    "gzip": lambda file: cast("BinaryIO", gzip.GzipFile(fileobj=file)),
    "bzip2": lambda file: cast("BinaryIO", bz2.BZ2File(file)),
    "xz": lambda file: cast("BinaryIO", lzma.LZMAFile(file)),  # noqa: SIM115 - as the others
}
Members = Iterator[tuple[str, BinaryIO]]
Chosen = Callable[[str], bool]


def members(file: BinaryIO, budget: Budget, wanted: Chosen, left_out: LeftOut) -> Members:
    """Yield the wanted members' names and streams. Raises InvalidRequest, and BROKEN on damage."""
    kind = _kind(file)
    if kind == "zip":
        return _zip_members(file, budget, wanted, left_out)
    unpacked = _UNPACKERS[kind](file) if kind in _UNPACKERS else file
    return _tar_members(unpacked, budget, wanted, left_out)


def _kind(file: BinaryIO) -> Kind:
    head = file.read(HEAD_BYTES)
    kind = archive_kind(head)
    if kind == "unknown":
        kind = "tar" if _is_old_tar(head) else "zip" if zipfile.is_zipfile(file) else "unknown"
    file.seek(0)
    if kind == "unknown":
        raise InvalidRequest("the archive is neither a zip nor a tar")
    return kind


def _is_old_tar(head: bytes) -> bool:
    """Tell a tar from before POSIX, which has no magic, by the checksum of its first header."""
    try:
        tarfile.TarInfo.frombuf(head, tarfile.ENCODING, "surrogateescape")
    except tarfile.HeaderError:
        return len(head) == HEAD_BYTES and not any(head)  # an empty one: zeros only
    return True


def _zip_members(file: BinaryIO, budget: Budget, wanted: Chosen, left_out: LeftOut) -> Members:
    _check_directory(file)
    with zipfile.ZipFile(file) as archive:
        for member in archive.infolist():
            budget.entry()
            name, kind = _zip_name(member), member.external_attr >> 28  # a Unix mode's; 0: unknown
            if member.is_dir():
                continue
            if kind not in (0, 0o10):
                left_out.add(LINKS)
            elif wanted(name):
                _check_open(member)
                with archive.open(member) as stream:
                    yield name, cast("BinaryIO", Counted(cast("BinaryIO", stream), budget))


def _check_open(member: zipfile.ZipInfo) -> None:
    if member.flag_bits & _ENCRYPTED:
        raise InvalidRequest("the archive is encrypted; send it without a password")


def _zip_name(member: zipfile.ZipInfo) -> str:
    """Return the name; many programs write UTF-8 and do not set the flag that says so."""
    name = member.filename.replace("\\", "/")
    if member.flag_bits & _UTF8_NAME:
        return name
    try:
        return name.encode("cp437").decode("utf-8")
    except UnicodeError:
        return name


def _check_directory(file: BinaryIO) -> None:
    """Refuse a directory that would fill the memory: zipfile reads it whole, entry by entry.

    Its size is in the last record of the file (APPNOTE 4.3.16, 4.3.14), which zipfile goes by too.
    """
    record = zipfile._EndRecData(file)  # type: ignore[attr-defined]
    file.seek(0)
    if record is not None and record[_DIRECTORY_SIZE] > MAX_DIRECTORY_BYTES:
        raise InvalidRequest("the zip has too many entries; send a tar, or several datasets")


def _tar_members(file: BinaryIO, budget: Budget, wanted: Chosen, left_out: LeftOut) -> Members:
    stream = Counted(file, budget)  # headers and what is passed over count too
    with tarfile.open(  # type: ignore[call-overload]
        fileobj=stream, mode="r|", tarinfo=_TarInfo, bufsize=CHUNK_BYTES, encoding="utf-8"
    ) as archive:
        while (member := archive.next()) is not None:
            archive.members.clear()  # it would remember them all
            budget.entry()
            if member.islnk() or member.issym() or member.issparse():
                left_out.add(LINKS)
            elif member.isreg() and wanted(member.name):
                content = archive.extractfile(member)
                if content is not None:
                    yield member.name, cast("BinaryIO", content)


class _TarInfo(tarfile.TarInfo):
    """A member whose sizes can be, and whose damage ends the archive instead of hiding the rest."""

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
            if zeros:  # what follows an end mark and is no tar means nothing
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

    @staticmethod
    def _sane(member: Any) -> Any:
        if not 0 <= member.size <= MAX_TOTAL_BYTES:
            raise tarfile.ReadError(f"a member says that it has {member.size} bytes")
        return member
