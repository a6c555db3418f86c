"""Buckets that datasets may read and write, in addition to the service's own.

With the filesystem store `s3://name/…` is the folder `buckets/name` of `data_dir`, so that the same
requests work on a laptop.
"""

from __future__ import annotations

import re
from pathlib import Path

from contract.errors import InvalidRequest, NotFound
from contract.names.object_keys import dataset_files_prefix
from contract.settings import Settings
from storage.objects.filesystem import FilesystemStore
from storage.objects.guarded import Guarded
from storage.objects.neighbour import ForeignBucket
from storage.objects.protocol import ObjectStore

_URI = re.compile(r"s3://(?P<bucket>[a-z0-9.\-]{3,63})(?:/(?P<key>.*))?", re.DOTALL)


def split_uri(uri: str) -> tuple[str, str]:
    """Return bucket and key of `s3://bucket/key`. Raises InvalidRequest."""
    match = _URI.fullmatch(uri)
    if match is None:
        raise InvalidRequest(f"not an address of the form s3://bucket/key: {uri[:200]!r}")
    return match["bucket"], match["key"] or ""


class Buckets:
    """Opens buckets by name for the datasets of one owner, as far as the settings allow."""

    def __init__(self, settings: Settings, own: ObjectStore, owner: str | None = None) -> None:
        """`own` is the service's store, of which a dataset sees the folder of its owner.

        `owner`: the digest of the key that made the dataset; None: there was no login.
        """
        self._settings = settings
        self._own = own
        self._owner = owner
        self.own_name = settings.s3_bucket or "depthq"

    def of(self, owner: str | None) -> Buckets:
        """Return the buckets as the datasets of `owner` see them."""
        return Buckets(self._settings, self._own, owner)

    def open(self, bucket: str) -> ObjectStore:
        """Return the store of `bucket`, to be read. Raises InvalidRequest if it is not allowed."""
        if bucket != self.own_name and bucket in self._settings.dataset_buckets:
            return self._neighbour(bucket)
        return self._shared(bucket)

    def open_for_outputs(self, bucket: str) -> ObjectStore:
        """Return the store of `bucket`, to be written too. Raises InvalidRequest likewise."""
        return self._shared(bucket)

    def _shared(self, bucket: str) -> ObjectStore:
        """Return a bucket shared by several keys: each key has a folder of its own."""
        if bucket == self.own_name:
            return Guarded(self._own, dataset_files_prefix(self._owner))
        if bucket in self._settings.dataset_output_buckets:
            store = self._neighbour(bucket)
            return store if self._owner is None else Guarded(store, f"{self._owner}/")
        if bucket in self._settings.dataset_buckets:
            raise InvalidRequest(
                f"the bucket {bucket} may be read, not written; "
                "its operator allows writing with DEPTHQ_DATASET_OUTPUT_BUCKETS"
            )
        raise InvalidRequest(
            f"the service may not use the bucket {bucket}; "
            "its operator allows buckets with DEPTHQ_DATASET_BUCKETS"
        )

    def _neighbour(self, bucket: str) -> ObjectStore:
        return ForeignBucket(bucket, self._beside(bucket), self._own)

    def _beside(self, bucket: str) -> ObjectStore:
        if self._settings.s3_bucket is None:
            return FolderBucket(self._settings.data_dir / "buckets" / bucket)
        from storage.objects.s3 import S3Store

        assert isinstance(self._own, S3Store)  # noqa: S101 - a bucket is set, so it is S3
        return self._own.neighbour(bucket)


class FolderBucket(FilesystemStore):
    """A folder that is not the service's own: keys may be any text that stays inside it."""

    def _path(self, key: str) -> Path:
        parts = key.split("/")
        if "\0" in key or any(part.startswith(".") or not part for part in parts):
            raise NotFound(f"no object {key[:200]!r}")
        return self._root.joinpath(*parts)
