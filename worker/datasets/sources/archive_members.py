"""The members of a zip or a tar as names and streams; links, folders and devices passed over."""

from __future__ import annotations

import bz2
import gzip
import lzma
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from typing import BinaryIO, cast

from contract.errors import InvalidRequest
from contract.sources.archives import HEAD_BYTES, Kind, archive_kind
from worker.datasets.sources.archive_budget import Budget, Counted
from worker.datasets.sources.left_out import LINKS, LeftOut
from worker.datasets.sources.tar_members import tar_members
from worker.datasets.sources.xz import Xz

MAX_DIRECTORY_BYTES = 16 * 1024 * 1024  # of a zip: some 150,000 names, 100 MB when read
_DIRECTORY_SIZE = 5  # place in zipfile's end record
_ENCRYPTED, _UTF8_NAME = 0x1, 0x800  # flags of a zip's entry
BROKEN = (
    zipfile.BadZipFile,
    tarfile.TarError,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    RecursionError,  # extended headers of extended headers
    OSError,  # what bz2 raises on damage
    ValueError,  # names in another encoding than stated, negative offsets
    NotImplementedError,  # a compression method that Python cannot read
)
_UNPACKERS: dict[Kind, Callable[[BinaryIO], BinaryIO]] = {
    "gzip": lambda file: cast("BinaryIO", gzip.GzipFile(fileobj=file)),
    "bzip2": lambda file: cast("BinaryIO", bz2.BZ2File(file)),
    "xz": lambda file: cast("BinaryIO", Xz(file)),
}
Members = Iterator[tuple[str, BinaryIO]]
Chosen = Callable[[str], bool]


def members(file: BinaryIO, budget: Budget, wanted: Chosen, left_out: LeftOut) -> Members:
    """Yield the wanted members' names and streams. Raises InvalidRequest, and BROKEN on damage."""
    kind = _kind(file)
    if kind == "zip":
        return _zip_members(file, budget, wanted, left_out)
    unpacked = _UNPACKERS[kind](file) if kind in _UNPACKERS else file
    return tar_members(unpacked, budget, wanted, left_out)


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
    """Refuse a central directory that would fill the memory: zipfile reads it whole.

    Its size is in the last record of the file (APPNOTE 4.3.16, 4.3.14), which zipfile uses too.
    """
    record = zipfile._EndRecData(file)  # type: ignore[attr-defined]
    file.seek(0)
    if record is not None and record[_DIRECTORY_SIZE] > MAX_DIRECTORY_BYTES:
        raise InvalidRequest("the zip has too many entries; send a tar, or several datasets")
