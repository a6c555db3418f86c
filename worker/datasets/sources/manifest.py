"""Makes items of a manifest's rows; streamed, with every limit enforced."""

from __future__ import annotations

from collections.abc import Iterator

from contract.errors import InvalidRequest, NotFound
from contract.items import Item
from contract.sources.manifest_rows import Entry, checked
from storage.objects.buckets import Buckets, split_uri
from storage.runs.manifest import check_address, same_id
from worker.datasets.sources.duplicates import Duplicates
from worker.datasets.sources.manifest_formats import rows_of

MAX_ITEMS = 50_000_000


def manifest_items(buckets: Buckets, uri: str) -> Iterator[Item]:
    """Yield the manifest's items in its order.

    Raises InvalidRequest, naming row and column, on what cannot be read or does not fit, on an uri
    in a bucket that is not allowed, and at the end on a custom_id used twice.
    """
    seen, number = Duplicates(), 0
    for number, entry in enumerate(_entries(buckets, uri), 1):
        if number > MAX_ITEMS:
            raise InvalidRequest(f"the manifest has more than {MAX_ITEMS} rows")
        check_address(entry, buckets)
        if entry.custom_id is not None:
            seen.add(entry.custom_id)
        yield _item(entry)
    if not number:
        raise InvalidRequest("the manifest has no rows")
    if suspects := seen.suspects():
        _name_the_duplicate(buckets, uri, suspects)


def _name_the_duplicate(buckets: Buckets, uri: str, suspects: set[int]) -> None:
    """Read once more and compare the few that may be equal; two may only share their hash."""
    first: dict[str, str] = {}
    for entry in _entries(buckets, uri):
        own = entry.custom_id
        if own is None or Duplicates.hash_of(own) not in suspects:
            continue
        if (before := first.setdefault(own, entry.place)) != entry.place:
            raise same_id(before, entry)


def _item(entry: Entry) -> Item:
    return Item.model_construct(
        id="", uri=entry.uri, etag=entry.etag, custom_id=entry.custom_id, extra=entry.extra
    )


def _entries(buckets: Buckets, uri: str) -> Iterator[Entry]:
    bucket, key = split_uri(uri)
    try:
        raw = buckets.open(bucket).open(key)
    except (NotFound, ValueError) as exc:
        raise InvalidRequest(f"there is no manifest at {uri}") from exc
    with raw:
        for row in rows_of(raw):
            yield checked(row)
