"""Refuses at once what can be seen to be wrong with a dataset's source, before anything is kept."""

from __future__ import annotations

from contract.datasets import DatasetSpec
from contract.errors import InvalidRequest, NotFound, StorageUnavailable
from storage.buckets import Buckets, split_uri
from storage.dataset_manifest import check_beginning
from storage.guarded import RESERVED
from storage.objects import ObjectStore, check_key


def check_spec(spec: DatasetSpec, buckets: Buckets, own: ObjectStore, *, archive: bool) -> None:
    """Raise InvalidRequest if the source cannot be read, holds nothing, or the output has no place.

    Raises StorageUnavailable only when the service's own store does not serve. What only a full
    reading can show (a manifest's later rows, a Parquet file's) is left to the planner.
    """
    if archive == bool(spec.prefix or spec.manifest):
        raise InvalidRequest("give exactly one source: prefix, manifest, or an uploaded archive")
    if spec.output_prefix:
        output_place(spec.output_prefix, buckets)
    if spec.prefix and split_uri(spec.prefix)[0] != "null":
        _check_prefix(spec.prefix, buckets, own)
    if spec.manifest:
        _check_manifest(spec.manifest, buckets, own)


def output_place(uri: str, buckets: Buckets) -> tuple[ObjectStore, str]:
    """Return the store and the key prefix, without a slash at its end, where outputs go."""
    bucket, prefix = split_uri(uri)
    prefix = prefix.strip("/")
    if bucket == buckets.own_name and f"{prefix}/".startswith(RESERVED):
        raise InvalidRequest(f"output_prefix: {prefix.partition('/')[0]}/ is the service's own")
    try:
        if prefix:
            check_key(prefix)
    except ValueError as exc:
        raise InvalidRequest(f"output_prefix: {exc}") from exc
    return buckets.open(bucket), prefix


def _check_prefix(uri: str, buckets: Buckets, own: ObjectStore) -> None:
    bucket, prefix = split_uri(uri)
    store = buckets.open(bucket)
    try:
        first = next(iter(store.list(prefix)), None)
    except StorageUnavailable:
        _check_bucket(bucket, store, own)
        raise
    if first is None:
        raise InvalidRequest(f"there is nothing below {uri}")


def _check_bucket(bucket: str, store: ObjectStore, own: ObjectStore) -> None:
    """Raise InvalidRequest if `bucket` does not serve though the service's own store does."""
    try:
        store.check()
    except (NotFound, StorageUnavailable) as exc:
        own.check()
        raise InvalidRequest(f"the bucket {bucket} cannot be read: {exc}") from exc


def _check_manifest(uri: str, buckets: Buckets, own: ObjectStore) -> None:
    bucket, key = split_uri(uri)
    store = buckets.open(bucket)
    try:
        size = store.head(key).size if key else 0
    except (NotFound, StorageUnavailable) as exc:
        _check_bucket(bucket, store, own)
        raise InvalidRequest(f"there is no manifest at {uri}") from exc
    if size == 0:
        raise InvalidRequest(f"the manifest {uri} is empty")
    with store.open(key) as stream:
        check_beginning(stream, buckets)
