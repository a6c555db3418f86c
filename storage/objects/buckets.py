"""The buckets that datasets may read from and write to, beside the service's own.

With the filesystem store `s3://name/…` is the folder `buckets/name` of `data_dir`, so that the same
requests work on a laptop.
"""

from __future__ import annotations

import re
import threading
from pathlib import Path

from contract.errors import InvalidRequest, NotFound
from contract.settings import Settings
from storage.objects.filesystem import FilesystemStore
from storage.objects.guarded import Guarded
from storage.objects.protocol import ObjectStore

_URI = re.compile(r"s3://(?P<bucket>[a-z0-9.\-]{3,63})(?:/(?P<key>.*))?", re.DOTALL)


def split_uri(uri: str) -> tuple[str, str]:
    """Return bucket and key of `s3://bucket/key`. Raises InvalidRequest."""
    match = _URI.fullmatch(uri)
    if match is None:
        raise InvalidRequest(f"not an address of the form s3://bucket/key: {uri[:200]!r}")
    return match["bucket"], match["key"] or ""


class Buckets:
    """Opens buckets by name; refuses those that the settings do not allow. Thread-safe."""

    def __init__(self, settings: Settings, own: ObjectStore) -> None:
        """`own` is the service's store: its bucket is always allowed, but for jobs and datasets."""
        self._own = own
        self.own_name = settings.s3_bucket or "depthq"
        self._allowed = frozenset(settings.dataset_buckets)
        self._folder = settings.data_dir / "buckets" if settings.s3_bucket is None else None
        self._lock = threading.Lock()
        self._opened: dict[str, ObjectStore] = {}

    def open(self, bucket: str) -> ObjectStore:
        """Return the store of `bucket`. Raises InvalidRequest if it is not allowed or not there."""
        if bucket != self.own_name and bucket not in self._allowed:
            raise InvalidRequest(
                f"the service may not use the bucket {bucket}; "
                "its operator allows buckets with DEPTHQ_DATASET_BUCKETS"
            )
        with self._lock:
            if bucket not in self._opened:
                self._opened[bucket] = self._open(bucket)
            return self._opened[bucket]

    def _open(self, bucket: str) -> ObjectStore:
        if bucket == self.own_name:
            return Guarded(self._own)
        if self._folder is not None:
            return FolderBucket(self._folder / bucket)
        from storage.objects.s3 import S3Store

        assert isinstance(self._own, S3Store)  # noqa: S101 - a bucket is set, so it is S3
        return self._own.neighbour(bucket)


class FolderBucket(FilesystemStore):
    """A folder of somebody else's files: names may be any text that stays inside the folder."""

    def _path(self, key: str) -> Path:
        parts = key.split("/")
        if "\0" in key or any(part.startswith(".") or not part for part in parts):
            raise NotFound(f"no object {key[:200]!r}")
        return self._root.joinpath(*parts)

    def check(self) -> None:
        """Raise NotFound unless the folder exists."""
        if not self._root.is_dir():
            raise NotFound(f"no folder {self._root.name}")
