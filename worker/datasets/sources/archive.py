"""Unpacks an uploaded zip or tar into objects of our own, safe from bombs and traversal.

Names inside the archive are labels only: keys are numbers that we give. What an archive says of
sizes is not believed; bytes are counted as they come out.
"""

from __future__ import annotations

import hashlib
import shutil
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from typing import BinaryIO, cast

from contract.errors import InvalidRequest, NotFound
from contract.items import Item
from contract.names.object_keys import dataset_object
from storage.objects.protocol import ObjectStore

MAX_ENTRIES = 2_000_000
MAX_TOTAL_BYTES = 256 * 1024**3
MAX_RATIO = 200  # unpacked to packed, over the whole archive; photographs stay near 1
MAX_DIRECTORY_BYTES = 16 * 1024 * 1024  # of a zip: some 150,000 names, 100 MB when read
_DIRECTORY_SIZE = 5  # place in zipfile's end record
MAX_HEADER_BYTES = 1024 * 1024  # of a tar member's extended header, which is read into memory
_HEADER_TYPES = (
    tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.SOLARIS_XHDTYPE,
    tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK,
)  # fmt: skip
_CHUNK = 256 * 1024
_BROKEN = (
    zipfile.BadZipFile,
    tarfile.TarError,
    zlib.error,
    EOFError,
    NotImplementedError,  # a compression method of which Python knows only the name
    RuntimeError,  # an encrypted member
)
Members = Iterator[tuple[str, BinaryIO]]


def archive_items(
    objects: ObjectStore,
    key: str,
    dataset_id: str,
    max_entry_bytes: int,
    wanted: Callable[[str], bool],
) -> Iterator[Item]:
    """Copy the archive's wanted members to `inputs/NNNNNNNNN` and yield them as items.

    Raises InvalidRequest on a broken archive and on one that is over a limit. Links, folders,
    devices and nested archives are passed over: nothing but images is wanted.
    """
    budget = _Budget(max_entry_bytes)
    with tempfile.TemporaryFile() as file:
        budget.packed = _download(objects, key, file)
        try:
            for number, (name, stream) in enumerate(_members(file, budget, wanted)):
                yield _keep(objects, dataset_id, number, name, budget.read(name, stream))
        except _BROKEN as exc:
            raise InvalidRequest(f"the archive cannot be unpacked: {exc}") from exc


def _download(objects: ObjectStore, key: str, file: BinaryIO) -> int:
    try:
        with objects.open(key) as stream:
            shutil.copyfileobj(stream, file, _CHUNK)
    except NotFound as exc:
        raise InvalidRequest("the uploaded archive is not there any more") from exc
    packed = file.tell()
    file.seek(0)
    return packed


def _keep(objects: ObjectStore, dataset_id: str, number: int, name: str, data: bytes) -> Item:
    key = dataset_object(dataset_id, f"inputs/{number:09d}")
    objects.put(key, data, media_type="application/octet-stream")
    digest = hashlib.sha256(data).hexdigest()[:32]
    uri = f"archive://{name}"
    return Item.model_construct(id="", uri=uri, etag=digest, key=key, size=len(data))


class _Budget:
    """Counts what comes out."""

    def __init__(self, max_entry_bytes: int) -> None:
        self.packed = 0
        self._max_entry_bytes = max_entry_bytes
        self._entries = 0
        self._total = 0

    def entry(self) -> None:
        """Count one entry, wanted or not."""
        self._entries += 1
        if self._entries > MAX_ENTRIES:
            raise InvalidRequest(f"the archive has more than {MAX_ENTRIES} entries")

    def skip(self, size: int) -> None:
        """Count the bytes of a tar member that is passed over: they have to be unpacked too."""
        self._spend(size)

    def read(self, name: str, stream: BinaryIO) -> bytes:
        """Return the member's bytes."""
        data = bytearray()
        while chunk := stream.read(_CHUNK):
            data += chunk
            self._spend(len(chunk))
            if len(data) > self._max_entry_bytes:
                raise InvalidRequest(f"{name[:200]!r} is larger than {self._max_entry_bytes} bytes")
        return bytes(data)

    def _spend(self, size: int) -> None:
        self._total += size
        if self._total > min(MAX_TOTAL_BYTES, MAX_RATIO * self.packed + 1024**2):
            raise InvalidRequest("the archive unpacks to far more than its size allows")


def _members(file: BinaryIO, budget: _Budget, wanted: Callable[[str], bool]) -> Members:
    if zipfile.is_zipfile(file):
        file.seek(0)
        return _zip_members(file, budget, wanted)
    file.seek(0)
    return _tar_members(file, budget, wanted)


def _zip_members(file: BinaryIO, budget: _Budget, wanted: Callable[[str], bool]) -> Members:
    _check_directory(file)
    with zipfile.ZipFile(file) as archive:
        for member in archive.infolist():
            budget.entry()
            kind = member.external_attr >> 28  # the file type of a Unix mode, 0 where unknown
            if member.is_dir() or kind not in (0, 0o10) or not wanted(_label(member.filename)):
                continue
            with archive.open(member) as stream:
                yield _label(member.filename), cast("BinaryIO", stream)


def _check_directory(file: BinaryIO) -> None:
    """Refuse a directory that would fill the memory: zipfile reads it whole, entry by entry.

    Its size is in the last record of the file (APPNOTE 4.3.16, 4.3.14), which zipfile goes by too.
    """
    record = zipfile._EndRecData(file)  # type: ignore[attr-defined]
    file.seek(0)
    if record is not None and record[_DIRECTORY_SIZE] > MAX_DIRECTORY_BYTES:
        raise InvalidRequest("the zip has too many entries; send a tar, or several datasets")


def _tar_members(file: BinaryIO, budget: _Budget, wanted: Callable[[str], bool]) -> Members:
    with tarfile.open(fileobj=file, mode="r|*", tarinfo=_TarInfo) as archive:
        for member in archive:
            budget.entry()
            if not member.isreg() or not wanted(_label(member.name)):
                budget.skip(member.size)
                continue
            stream = archive.extractfile(member)
            if stream is not None:
                yield _label(member.name), cast("BinaryIO", stream)


class _TarInfo(tarfile.TarInfo):
    """A member whose extended header is of a size that may be read into memory."""

    def _proc_member(self, archive: tarfile.TarFile) -> tarfile.TarInfo:
        if self.type in _HEADER_TYPES and self.size > MAX_HEADER_BYTES:
            raise tarfile.ReadError("an extended header is too large")
        member: tarfile.TarInfo = super()._proc_member(archive)  # type: ignore[misc]
        return member


def _label(name: str) -> str:
    """Return the name as people may see it: never used as a path."""
    text = name.replace("\\", "/").encode("utf-8", "replace").decode("utf-8")
    return "".join(letter if letter.isprintable() else "?" for letter in text)[:500]
