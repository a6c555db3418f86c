"""Pages through a dataset's failures while it runs and after, at a cost of what a page shows."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

from contract.errors import InvalidRequest
from contract.items import ItemResult
from storage.runs.files import RunObjects

_CURSOR = re.compile(r"(\d{1,9})\.(\d{1,9})")
MAX_SHARDS_A_PAGE = 100


@dataclass(frozen=True)
class ErrorsPage:
    """Failures in the order of shards, and where to go on; None: that was the last page.

    A page may hold fewer than asked, even none, and still have a next one.
    """

    items: list[ItemResult]
    next_cursor: str | None


def errors_page(
    files: RunObjects,
    dataset_id: str,
    *,
    cursor: str = "",
    limit: int = 100,
    codes: Collection[str] = (),
) -> ErrorsPage:
    """Return up to `limit` failures after `cursor`, only those with one of `codes` if given.

    Raises InvalidRequest on a cursor that no page gave.
    """
    shard, line = _parse(cursor)
    found: list[ItemResult] = []
    for seen, number in enumerate(files.failure_numbers(dataset_id, shard)):
        if seen == MAX_SHARDS_A_PAGE:
            return ErrorsPage(found, f"{number}.0")
        skip = line if number == shard else 0
        for index, result in enumerate(files.failures(dataset_id, number)):
            if index < skip or (codes and (not result.error or result.error.code not in codes)):
                continue
            if len(found) == limit:
                return ErrorsPage(found, f"{number}.{index}")
            found.append(result)
    return ErrorsPage(found, None)


def _parse(cursor: str) -> tuple[int, int]:
    match = _CURSOR.fullmatch(cursor or "0.0")
    if match is None:
        raise InvalidRequest("cursor is not one that this service gave")
    return int(match[1]), int(match[2])
