"""Reads a manifest: JSONL, CSV or Parquet, gzip allowed; streamed, with every limit enforced."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from contract.errors import InvalidRequest, NotFound
from contract.items import Item
from storage.objects.buckets import Buckets, split_uri
from worker.datasets.sources.duplicates import Duplicates
from worker.datasets.sources.manifest_formats import rows_of

MAX_ITEMS = 50_000_000
MAX_CUSTOM_ID = 500
_OWN_FIELDS = ("uri", "custom_id", "etag")


def manifest_items(buckets: Buckets, uri: str) -> Iterator[Item]:
    """Yield the manifest's items in its order.

    Raises InvalidRequest, naming the line, on what cannot be read, on a row without `uri`, on an
    uri in a bucket that is not allowed, and at the end on a custom_id used twice.
    """
    seen = Duplicates()
    for number, row in _rows(buckets, uri):
        if number > MAX_ITEMS:
            raise InvalidRequest(f"the manifest has more than {MAX_ITEMS} rows")
        item = _item(number, row, buckets)
        if item.custom_id is not None:
            seen.add(item.custom_id)
        yield item
    if suspects := seen.suspects():
        _name_the_duplicate(buckets, uri, suspects)


def _name_the_duplicate(buckets: Buckets, uri: str, suspects: set[int]) -> None:
    """Read once more and compare the few that may be equal; two may only share their hash."""
    first_line: dict[str, int] = {}
    for number, row in _rows(buckets, uri):
        custom_id = row.get("custom_id")
        if custom_id is None or Duplicates.hash_of(str(custom_id)) not in suspects:
            continue
        if (before := first_line.setdefault(str(custom_id), number)) != number:
            raise InvalidRequest(
                f"the manifest's rows {before} and {number} have the same custom_id: {custom_id!r}"
            )


def _item(number: int, row: Mapping[str, Any], buckets: Buckets) -> Item:
    uri, custom_id = row.get("uri"), row.get("custom_id")
    if not isinstance(uri, str) or not uri:
        raise InvalidRequest(f"the manifest's row {number} has no `uri`")
    if custom_id is not None and not 0 < len(str(custom_id)) <= MAX_CUSTOM_ID:
        raise InvalidRequest(f"the manifest's row {number}: custom_id has 1 to 500 characters")
    try:
        bucket, key = split_uri(uri)
        buckets.open(bucket)
    except InvalidRequest as exc:
        raise InvalidRequest(f"the manifest's row {number}: {exc}") from exc
    if not key:
        raise InvalidRequest(f"the manifest's row {number}: {uri[:200]!r} names no object")
    return Item.model_construct(
        id="",
        uri=uri,
        etag=str(row.get("etag") or ""),
        custom_id=None if custom_id is None else str(custom_id),
        extra={name: value for name, value in row.items() if name not in _OWN_FIELDS},
    )


def _rows(buckets: Buckets, uri: str) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """Yield rows, numbered from 1 (a CSV's header is not a row)."""
    bucket, key = split_uri(uri)
    try:
        raw = buckets.open(bucket).open(key)
    except (NotFound, ValueError) as exc:
        raise InvalidRequest(f"there is no manifest at {uri}") from exc
    with raw:
        yield from enumerate(rows_of(raw), 1)
