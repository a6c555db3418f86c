"""Fetches an item's bytes, and distinguishes a broken object from an outage."""

from __future__ import annotations

import time
from dataclasses import dataclass

from contract.errors import (
    BucketRefused,
    DepthqError,
    ImageTooLarge,
    InvalidRequest,
    NotFound,
    StorageUnavailable,
    UrlForbidden,
    UrlUnreachable,
)
from contract.items import Item
from storage.objects.buckets import Buckets, split_uri
from storage.objects.protocol import ObjectStore
from worker.attempts.patience import Patience

_PAUSE_S = 0.5
_REFUSALS = 2  # tries of one object while its bucket serves others


@dataclass(frozen=True)
class Fetcher:
    """Reads items from the buckets that datasets may read."""

    own: ObjectStore
    buckets: Buckets
    patience: Patience
    max_bytes: int

    def fetch(self, item: Item, owner: str | None) -> bytes:
        """Return the image's bytes, as far as `owner` may read them.

        Raises ImageTooLarge, NotFound, UrlForbidden; UrlUnreachable if the bucket serves but
        not this object; StorageUnavailable if it does not serve.
        """
        if item.size > self.max_bytes:
            raise self._too_large()
        store, key = self._locate(item, owner)
        try:
            data = self._read_with_retries(store, key)
        except BucketRefused as exc:
            raise UrlForbidden(exc.message) from exc
        if len(data) > self.max_bytes:
            raise self._too_large()
        return data

    def _locate(self, item: Item, owner: str | None) -> tuple[ObjectStore, str]:
        if item.key:
            return self.own, item.key
        try:
            bucket, key = split_uri(item.uri)
            return self.buckets.of(owner).open(bucket), key
        except InvalidRequest as exc:
            raise UrlForbidden(exc.message) from exc

    def _read_with_retries(self, store: ObjectStore, key: str) -> bytes:
        try:
            return self._read(store, key)
        except StorageUnavailable as exc:
            return self._once_more(store, key, exc)

    def _read(self, store: ObjectStore, key: str) -> bytes:
        try:
            return store.read(key, self.max_bytes + 1)
        except ValueError as exc:  # a key that the service's own bucket cannot have
            raise NotFound(f"no object {key[:200]!r}") from exc

    def _once_more(self, store: ObjectStore, key: str, first: DepthqError) -> bytes:
        """Retry; if the bucket serves all but this object, the object is at fault."""
        last, wait = first, self.patience.beside(self.own.check)
        for _ in range(_REFUSALS):
            wait(store.check)
            time.sleep(_PAUSE_S)
            try:
                return self._read(store, key)
            except StorageUnavailable as exc:
                last = exc
        wait(store.check)
        raise UrlUnreachable(f"the bucket serves, but not this object: {last}") from last

    def _too_large(self) -> ImageTooLarge:
        return ImageTooLarge(f"the image is larger than {self.max_bytes} bytes")
