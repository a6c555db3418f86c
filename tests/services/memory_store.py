"""A store in a dictionary, for tests; it passes the same test suite as the real ones."""

from __future__ import annotations

import hashlib
import io
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import BinaryIO

from contract.errors import NotFound
from storage.objects.protocol import ObjectInfo, OneByOne, check_key, check_metadata, read_all


class MemoryStore(OneByOne):
    """An ObjectStore in this process's memory."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._objects: dict[str, tuple[ObjectInfo, bytes]] = {}

    def put(
        self,
        key: str,
        data: bytes | BinaryIO,
        *,
        media_type: str,
        metadata: Mapping[str, str] | None = None,
    ) -> None:
        """Keep a copy of the bytes."""
        body = read_all(data)
        info = ObjectInfo(
            key=check_key(key),
            size=len(body),
            modified_at=time.time(),
            media_type=media_type,
            metadata=check_metadata(metadata),
            etag=hashlib.sha256(body).hexdigest(),
        )
        with self._lock:
            self._objects[key] = (info, body)

    def get(self, key: str) -> bytes:
        """Return the object's bytes. Raises NotFound."""
        return self._find(key)[1]

    def open(self, key: str) -> BinaryIO:
        """Return a stream of the object's bytes. Raises NotFound."""
        return io.BytesIO(self._find(key)[1])

    def head(self, key: str) -> ObjectInfo:
        """Return everything but the bytes. Raises NotFound."""
        return self._find(key)[0]

    def list(self, prefix: str, *, start_after: str = "") -> Iterator[ObjectInfo]:
        """Yield the objects under `prefix` in order of their keys."""
        with self._lock:
            infos = [info for key, (info, _) in self._objects.items() if key.startswith(prefix)]
        for info in sorted(infos, key=lambda info: info.key):
            if info.key > start_after:
                yield replace(info, media_type="", metadata={})

    def delete(self, keys: Iterable[str]) -> None:
        """Remove objects; missing ones are fine."""
        with self._lock:
            for key in keys:
                self._objects.pop(check_key(key), None)

    def presign(self, key: str, *, expires_s: int, filename: str) -> str | None:
        """Return None: memory has no URLs."""
        return None

    def check(self) -> None:
        """Memory always serves."""

    def _find(self, key: str) -> tuple[ObjectInfo, bytes]:
        with self._lock:
            found = self._objects.get(check_key(key))
        if found is None:
            raise NotFound(f"no object {key}")
        return found
