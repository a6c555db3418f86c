"""A bucket other than the service's own: distinguishes its refusals from an outage of the store.

Work waits for the end of an outage. A refusal (the bucket is deleted or forbidden) is permanent:
work that waited for it would block all other work.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import BinaryIO

from contract.errors import BucketRefused, StorageRefused
from storage.objects.protocol import ObjectInfo, ObjectStore, OneByOne


class ForeignBucket(OneByOne):
    """An ObjectStore whose refusals are BucketRefused, as long as the service's own bucket serves.

    Where that bucket does not serve either (a new secret, a wrong clock), it is an outage.
    """

    def __init__(self, name: str, store: ObjectStore, own: ObjectStore) -> None:
        self._name = name
        self._store = store
        self._own = own

    def put(
        self,
        key: str,
        data: bytes | BinaryIO,
        *,
        media_type: str,
        metadata: Mapping[str, str] | None = None,
    ) -> None:
        """Write the whole object or nothing."""
        with self._refusals("written"):
            self._store.put(key, data, media_type=media_type, metadata=metadata)

    def get(self, key: str) -> bytes:
        """Return the object's bytes. Raises NotFound."""
        with self._refusals("read"):
            return self._store.get(key)

    def read(self, key: str, most: int) -> bytes:
        """Return the object's bytes, at most the first `most`. Raises NotFound."""
        with self._refusals("read"):
            return self._store.read(key, most)

    def open(self, key: str) -> BinaryIO:
        """Return a stream of the object's bytes. Raises NotFound."""
        with self._refusals("read"):
            return self._store.open(key)

    def head(self, key: str) -> ObjectInfo:
        """Return everything but the bytes. Raises NotFound."""
        with self._refusals("read"):
            return self._store.head(key)

    def list(self, prefix: str, *, start_after: str = "") -> Iterator[ObjectInfo]:
        """Yield the objects whose key starts with `prefix`."""
        with self._refusals("read"):
            yield from self._store.list(prefix, start_after=start_after)

    def delete(self, keys: Iterable[str]) -> None:
        """Remove objects; missing ones are fine."""
        with self._refusals("written"):
            self._store.delete(keys)

    def presign(self, key: str, *, expires_s: int, filename: str) -> str | None:  # noqa: ARG002
        """Return None: the front and the CORS rules let clients reach our own bucket only."""
        return None

    def check(self) -> None:
        """Raise BucketRefused or StorageUnavailable if the bucket cannot be read now."""
        next(self.list(""), None)  # a store's own check may write

    @contextmanager
    def _refusals(self, done: str) -> Iterator[None]:
        try:
            yield
        except StorageRefused as exc:
            self._own.check()
            raise BucketRefused(
                f"the bucket {self._name} cannot be {done}: {exc.reason}; "
                "its operator must see to it that the service may"
            ) from exc
