"""Restricts a bucket to one folder: what a key may access of a shared bucket.

An allow-list: everything outside of the folder is inaccessible, whatever the bucket contains.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import BinaryIO

from contract.errors import NotFound
from storage.objects.protocol import ObjectInfo, ObjectStore, OneByOne


class Guarded(OneByOne):
    """An ObjectStore in which keys outside `folder` do not exist and cannot be written."""

    def __init__(self, store: ObjectStore, folder: str) -> None:
        """`folder` ends with a slash. Keys are those of the whole bucket."""
        self._store = store
        self.folder = folder

    def put(
        self,
        key: str,
        data: bytes | BinaryIO,
        *,
        media_type: str,
        metadata: Mapping[str, str] | None = None,
    ) -> None:
        """Write inside the folder; raises ValueError outside."""
        if not key.startswith(self.folder):
            raise ValueError(f"not a place for outputs: {key[:100]!r}")
        self._store.put(key, data, media_type=media_type, metadata=metadata)

    def get(self, key: str) -> bytes:
        """Return the object's bytes. Raises NotFound."""
        return self._store.get(self._inside(key))

    def read(self, key: str, most: int) -> bytes:
        """Return the object's bytes, at most the first `most`. Raises NotFound."""
        return self._store.read(self._inside(key), most)

    def open(self, key: str) -> BinaryIO:
        """Return a stream of the object's bytes. Raises NotFound."""
        return self._store.open(self._inside(key))

    def head(self, key: str) -> ObjectInfo:
        """Return everything but the bytes. Raises NotFound."""
        return self._store.head(self._inside(key))

    def list(self, prefix: str, *, start_after: str = "") -> Iterator[ObjectInfo]:
        """Yield what of `prefix` is in the folder; lists nothing else."""
        if self.folder.startswith(prefix):
            prefix = self.folder
        if prefix.startswith(self.folder):
            yield from self._store.list(prefix, start_after=start_after)

    def delete(self, keys: Iterable[str]) -> None:
        """Remove objects inside the folder; raises NotFound for one outside."""
        self._store.delete([self._inside(key) for key in keys])

    def presign(self, key: str, *, expires_s: int, filename: str) -> str | None:
        """Return a URL. Raises NotFound."""
        return self._store.presign(self._inside(key), expires_s=expires_s, filename=filename)

    def check(self) -> None:
        """Raise StorageUnavailable if the store cannot serve now."""
        self._store.check()

    def _inside(self, key: str) -> str:
        if not key.startswith(self.folder):
            raise NotFound(f"no object {key[:100]}")
        return key
