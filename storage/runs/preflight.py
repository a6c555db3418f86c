"""Refuses a dataset at once if its buckets do not serve."""

from __future__ import annotations

import logging
from contextlib import suppress

from contract.errors import BucketRefused, InvalidRequest, NotFound, StorageUnavailable
from contract.runs import DatasetSpec
from storage.objects.buckets import Buckets, split_uri
from storage.objects.guarded import Guarded
from storage.objects.protocol import ObjectStore, check_key
from storage.runs.manifest import check_beginning

log = logging.getLogger(__name__)

_LONGEST_NAME = "x" * 64  # of an output, below its prefix
PROBE = "depthq-write-test"  # a test object below the output prefix, removed at once


def check_spec(spec: DatasetSpec, buckets: Buckets, own: ObjectStore, *, archive: bool) -> None:
    """Raise InvalidRequest if the source cannot be read, holds nothing, or the output has no place.

    Raises StorageUnavailable only when the service's own store does not serve. What only a full
    reading can show (a manifest's later rows, a Parquet file's) is left to the planner.
    """
    if archive == bool(spec.prefix or spec.manifest):
        raise InvalidRequest("give exactly one source: prefix, manifest, or an uploaded archive")
    if spec.prefix and split_uri(spec.prefix)[0] != "null":
        _check_prefix(spec.prefix, buckets, own)
    if spec.manifest:
        _check_manifest(spec.manifest, buckets, own)
    if spec.output_prefix:  # last: it writes
        _check_output(spec.output_prefix, buckets, own)


def output_place(uri: str, buckets: Buckets) -> tuple[ObjectStore, str]:
    """Return the store and the key prefix, without a slash at its end, where outputs go."""
    bucket, prefix = split_uri(uri)
    prefix = prefix.strip("/")
    try:
        if prefix:
            check_key(f"{prefix}/{_LONGEST_NAME}")
    except ValueError as exc:
        raise InvalidRequest(f"output_prefix: {exc}") from exc
    store = buckets.open_for_outputs(bucket)
    _check_inside("output_prefix", bucket, prefix, store)
    return store, prefix


def _check_output(uri: str, buckets: Buckets, own: ObjectStore) -> None:
    """Write a small object where the outputs shall go, remove it, and look for it."""
    store, prefix = output_place(uri, buckets)
    key = f"{prefix}/{PROBE}".lstrip("/")
    try:
        store.put(key, b"", media_type="text/plain")
        _remove(store, key)
        with suppress(NotFound):
            store.head(key)
    except BucketRefused as exc:
        raise BucketRefused(f"output_prefix: {exc.message}") from exc
    except StorageUnavailable as exc:
        own.check()
        raise BucketRefused(f"output_prefix: {uri} cannot be written at present") from exc


def _remove(store: ObjectStore, key: str) -> None:
    try:
        store.delete([key])
    except BucketRefused as exc:  # outputs are written and read, never deleted
        log.info("test object not removed: %s", exc, extra={"action": "accept"})


def _check_prefix(uri: str, buckets: Buckets, own: ObjectStore) -> None:
    bucket, prefix = split_uri(uri)
    store = buckets.open(bucket)
    _check_inside("prefix", bucket, prefix, store)
    try:
        first = next(iter(store.list(prefix)), None)
    except StorageUnavailable:
        _check_bucket(bucket, store, own)
        raise
    if first is None:
        raise InvalidRequest(f"there is nothing below {uri}")


def _check_manifest(uri: str, buckets: Buckets, own: ObjectStore) -> None:
    bucket, key = split_uri(uri)
    store = buckets.open(bucket)
    _check_inside("manifest", bucket, key, store)
    try:
        size = store.head(key).size if key else 0
    except (NotFound, StorageUnavailable, BucketRefused, ValueError) as exc:
        # a HEAD carries no reason; ValueError: a name that the service's bucket cannot have
        _check_bucket(bucket, store, own)
        raise InvalidRequest(f"there is no manifest at {uri}") from exc
    if size == 0:
        raise InvalidRequest(f"the manifest {uri} is empty")
    with store.open(key) as stream:
        check_beginning(stream, buckets)


def _check_inside(field: str, bucket: str, key: str, store: ObjectStore) -> None:
    """Raise InvalidRequest if `key` is outside the one folder that the store shows."""
    if isinstance(store, Guarded) and not f"{key.rstrip('/')}/".startswith(store.folder):
        raise InvalidRequest(
            f"{field}: what you may use of the bucket {bucket} is below s3://{bucket}/{store.folder}"
        )


def _check_bucket(bucket: str, store: ObjectStore, own: ObjectStore) -> None:
    """Raise BucketRefused if `bucket` does not serve though the service's own store does."""
    try:
        store.check()
    except StorageUnavailable as exc:
        own.check()
        raise BucketRefused(f"the bucket {bucket} cannot be read at present") from exc
