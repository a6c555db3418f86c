"""Items and results as JSON lines. An unreadable line of a shard becomes a failing item."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from contract.items import Item, ItemResult


def item_lines(items: Iterable[Item]) -> bytes:
    """Return items as JSON lines."""
    return _lines(item.model_dump_json(exclude_defaults=True) for item in items)


def result_lines(results: Iterable[ItemResult]) -> bytes:
    """Return results as JSON lines."""
    return _lines(result.model_dump_json(exclude_defaults=True) for result in results)


def read_results(body: bytes) -> list[ItemResult]:
    """Return the results of a shard."""
    return [ItemResult.model_validate_json(line) for line in body.splitlines()]


def read_items(shard: int, body: bytes) -> list[Item]:
    """Return the items of a shard."""
    return [_item(f"{shard}/{n}", line) for n, line in enumerate(body.splitlines(), 1)]


def broken_item(place: str, why: str) -> Item:
    """Return an item that always fails, for a line of which only its `place` is known."""
    own_id = hashlib.sha256(f"{place}\n{why}".encode()).hexdigest()[:32]
    return Item(id=own_id, uri=f"unreadable:{place}", broken=why)


def _item(place: str, line: bytes) -> Item:
    try:
        return Item.model_validate_json(line)
    except ValueError as exc:
        return broken_item(place, f"the item was planned as what cannot be read back: {exc}")


def _lines(texts: Iterable[str]) -> bytes:
    return "".join(f"{text}\n" for text in texts).encode()
