"""Objects as files under one folder: what `depthq up` uses when no S3 is configured.

An object `a/b` is the file `a/b`, its media type and metadata are in the hidden file `a/.b.meta`,
which is written first, so that a readable object always has them. Files appear by rename.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import secrets
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import BinaryIO

from contract.errors import NotFound, StorageRefused, StorageUnavailable
from storage.objects.durable_files import (
    fsync_folder,
    make_folder,
    remove_empty_folders,
    write_durably,
)
from storage.objects.leftovers import remove_leftovers
from storage.objects.protocol import ObjectInfo, OneByOne, check_key, check_metadata

_REFUSALS = (  # of a disk that works
    errno.EACCES, errno.EPERM, errno.EROFS,
    errno.EEXIST, errno.EISDIR, errno.ENAMETOOLONG, errno.ENOTDIR,
)  # fmt: skip
_RACES = 3  # a concurrent delete may remove the folder meanwhile; tries to create it again


class FilesystemStore(OneByOne):
    """An ObjectStore under `root`. Safe for many threads and processes on one machine.

    A key cannot be both an object and the folder of others.
    """

    def __init__(self, root: Path) -> None:
        self._root = root.absolute()

    def put(
        self,
        key: str,
        data: bytes | BinaryIO,
        *,
        media_type: str,
        metadata: Mapping[str, str] | None = None,
    ) -> None:
        """Write sidecar and data to temporary files, fsync, rename, fsync the folder."""
        path = self._path(key)
        about = json.dumps({"media_type": media_type, "metadata": check_metadata(metadata)})
        with _using_disk():
            for races_left in reversed(range(_RACES)):
                try:
                    make_folder(path.parent)
                    write_durably(_sidecar(path), about.encode())
                    write_durably(path, data)
                    fsync_folder(path.parent)
                    break
                except FileNotFoundError:
                    if not races_left:
                        raise

    def get(self, key: str) -> bytes:
        """Return the object's bytes. Raises NotFound."""
        with _reading(key):
            return self._path(key).read_bytes()

    def open(self, key: str) -> BinaryIO:
        """Return the open file. Raises NotFound."""
        with _reading(key):
            return self._path(key).open("rb")

    def head(self, key: str) -> ObjectInfo:
        """Return everything but the bytes. Raises NotFound."""
        path = self._path(key)
        with _reading(key):
            stat = path.stat()
            if path.is_dir():
                raise FileNotFoundError(key)
            return _info(key, stat, *_about(path))

    def list(self, prefix: str, *, start_after: str = "") -> Iterator[ObjectInfo]:
        """Walk the folders in order, skipping those that cannot match."""
        with _using_disk():
            yield from self._walk("", prefix, start_after)

    def delete(self, keys: Iterable[str]) -> None:
        """Remove files, their sidecars after them, and folders left empty."""
        for key in keys:
            path = self._path(key)
            with _using_disk(), contextlib.suppress(FileNotFoundError, NotADirectoryError):
                path.unlink(missing_ok=True)
                _sidecar(path).unlink(missing_ok=True)
                remove_empty_folders(path.parent, stop_at=self._root)

    def presign(self, key: str, *, expires_s: int, filename: str) -> str | None:  # noqa: ARG002
        """Return None: files have no URLs, the API serves them itself."""
        return None

    def check(self) -> None:
        """Write and remove a small file."""
        probe = self._root / f".check-{secrets.token_hex(8)}.tmp"
        with _using_disk():
            make_folder(self._root)
            try:
                probe.write_bytes(b"ok")
            finally:
                probe.unlink(missing_ok=True)

    def tidy(self, older_than_s: float) -> int:
        """Remove files of crashed writers that are older than this; return how many."""
        with _using_disk():
            return remove_leftovers(self._root, older_than_s)

    def _path(self, key: str) -> Path:
        return self._root / check_key(key)

    def _walk(self, folder: str, prefix: str, start_after: str) -> Iterator[ObjectInfo]:
        for name, entry in _sorted_entries(self._root / folder):
            key = folder + name
            if not (key.startswith(prefix) or prefix.startswith(key)):
                continue
            if entry.is_dir(follow_symlinks=False):
                if key > start_after or start_after.startswith(key):
                    yield from self._walk(key, prefix, start_after)
            elif key > start_after and key.startswith(prefix):
                with contextlib.suppress(FileNotFoundError):  # deleted meanwhile
                    yield _info(key, entry.stat(follow_symlinks=False))


def _sorted_entries(folder: Path) -> list[tuple[str, os.DirEntry[str]]]:
    # A folder sorts as "name/", so that the walk follows the order of whole keys.
    try:
        with os.scandir(folder) as entries:
            visible = [entry for entry in entries if not entry.name.startswith(".")]
    except (FileNotFoundError, NotADirectoryError):
        return []
    named = [
        (entry.name + ("/" if entry.is_dir(follow_symlinks=False) else ""), entry)
        for entry in visible
    ]
    return sorted(named, key=lambda pair: pair[0])


def _sidecar(path: Path) -> Path:
    return path.with_name(f".{path.name}.meta")


def _info(
    key: str,
    stat: os.stat_result,
    media_type: str = "",
    metadata: Mapping[str, str] | None = None,
) -> ObjectInfo:
    etag = f"{stat.st_ino:x}-{stat.st_mtime_ns:x}-{stat.st_size:x}"
    return ObjectInfo(key, stat.st_size, stat.st_mtime, media_type, metadata or {}, etag)


def _about(path: Path) -> tuple[str, dict[str, str]]:
    # A delete that races with a put may remove the new sidecar; the data are still valid.
    try:
        about = json.loads(_sidecar(path).read_bytes())
    except FileNotFoundError:
        return "", {}
    return about["media_type"], about["metadata"]


@contextlib.contextmanager
def _reading(key: str) -> Iterator[None]:
    """Turn the OSErrors of a read into the project's own errors."""
    with _using_disk():
        try:
            yield
        except (FileNotFoundError, IsADirectoryError, NotADirectoryError) as exc:
            raise NotFound(f"no object {key}") from exc


@contextlib.contextmanager
def _using_disk() -> Iterator[None]:
    """Turn every OSError into StorageUnavailable, StorageRefused if waiting does not mend it."""
    try:
        yield
    except OSError as exc:
        said = f"the disk refuses: {exc.strerror or 'no reason given'}"
        if exc.errno in _REFUSALS:
            raise StorageRefused(said, f"the disk refuses it ({exc.strerror})") from exc
        raise StorageUnavailable(said) from exc
