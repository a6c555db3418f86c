"""The service's own bucket as datasets may see it: all but what belongs to jobs and datasets.

Those hold other people's images; a dataset must not be a way around the ids that guard them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import BinaryIO

from contract.errors import NotFound
from storage.objects.protocol import ObjectInfo, ObjectStore

RESERVED = ("datasets/", "jobs/")


class Guarded:
    """An ObjectStore in which reserved keys do not exist and cannot be written."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store

    def put(
        self,
        key: str,
        data: bytes | BinaryIO,
        *,
        media_type: str,
        metadata: Mapping[str, str] | None = None,
    ) -> None:
        """Write outside the reserved folders; raises ValueError inside them."""
        if key.startswith(RESERVED):
            raise ValueError(f"not a place for outputs: {key[:100]!r}")
        self._store.put(key, data, media_type=media_type, metadata=metadata)

    def get(self, key: str) -> bytes:
        """Return the object's bytes. Raises NotFound."""
        return self._store.get(self._allowed(key))

    def open(self, key: str) -> BinaryIO:
        """Return a stream of the object's bytes. Raises NotFound."""
        return self._store.open(self._allowed(key))

    def head(self, key: str) -> ObjectInfo:
        """Return everything but the bytes. Raises NotFound."""
        return self._store.head(self._allowed(key))

    def list(self, prefix: str, *, start_after: str = "") -> Iterator[ObjectInfo]:
        """Yield what is not reserved; reserved folders are jumped over, however large."""
        if prefix.startswith(RESERVED):
            return
        jumped = True
        while jumped:
            jumped = False
            for info in self._store.list(prefix, start_after=start_after):
                folder = next((name for name in RESERVED if info.key.startswith(name)), None)
                if folder is not None:
                    start_after, jumped = folder + "~", True  # after every key of ours
                    break
                yield info

    def delete(self, keys: Iterable[str]) -> None:
        """Remove objects outside the reserved folders; raises NotFound for one inside."""
        self._store.delete([self._allowed(key) for key in keys])

    def presign(self, key: str, *, expires_s: int, filename: str) -> str | None:
        """Return a URL. Raises NotFound."""
        return self._store.presign(self._allowed(key), expires_s=expires_s, filename=filename)

    def check(self) -> None:
        """Raise StorageUnavailable if the store cannot serve now."""
        self._store.check()

    def _allowed(self, key: str) -> str:
        if key.startswith(RESERVED):
            raise NotFound(f"no object {key[:100]}")
        return key
