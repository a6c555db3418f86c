"""Finds a dataset for its owner and waits for it, within the budget."""

from __future__ import annotations

import time
from collections.abc import Callable

from flask import request

from api.callers.auth import caller, owner
from api.services import Services
from contract.datasets import DatasetRecord, DatasetRequest, Progress
from contract.errors import Conflict, NotFound
from contract.ids import is_id
from storage.datasets.recovery import restore

Found = tuple[DatasetRecord, Progress]
Done = Callable[[DatasetRecord], bool]


def find_dataset(parts: Services, dataset_id: str) -> Found | None:
    """Return the dataset and how fast it moves, rebuilt from storage if Redis lost it."""
    found = parts.datasets.get_with_progress(dataset_id)
    if found is None and restore(parts.files, parts.datasets, dataset_id) is not None:
        found = parts.datasets.get_with_progress(dataset_id)
    return found


def own_dataset(parts: Services, dataset_id: str) -> Found:
    """Return the dataset if there is one and it is the caller's; raises NotFound alike for both.

    Raises Conflict for a dry run, which is no dataset.
    """
    found = find_dataset(parts, dataset_id) if is_id(dataset_id) else None
    if found is None and own_dry_run(parts, dataset_id):
        raise Conflict("This was a dry run: there is nothing but its forecast.")
    if found is None or not is_own(parts, found[0].request):
        raise missing(dataset_id)
    return found


def own_dry_run(parts: Services, dataset_id: str) -> DatasetRequest | None:
    """Return the dry run if this is one, and the caller's; None: it is not."""
    request = parts.files.request(dataset_id) if is_id(dataset_id) else None
    return request if request and request.dry_run and is_own(parts, request) else None


def is_own(parts: Services, wanted: DatasetRequest) -> bool:
    """Tell whether the dataset belongs to the caller."""
    return not parts.settings.api_keys or wanted.owner == owner()


def missing(dataset_id: str) -> NotFound:
    """Return the error that says so."""
    return NotFound(f"There is no dataset {dataset_id[:60]!r}, or not any more.")


def dataset_ended(record: DatasetRecord) -> bool:
    """Tell whether nothing will change any more, short of a retry."""
    return record.state.terminal


def wait_for_dataset(parts: Services, found: Found, done: Done, timeout_s: float) -> Found:
    """Return the dataset once it is `done`, or as it is when time or the budget is used up."""
    if timeout_s <= 0 or done(found[0]):
        return found
    with parts.waits.slot(caller()) as taken:
        return _wait(parts, found[0].id, done, timeout_s) if taken else found


def _wait(parts: Services, dataset_id: str, done: Done, timeout_s: float) -> Found:
    deadline = time.monotonic() + timeout_s
    gone = request.environ.get("waitress.client_disconnected", lambda: False)
    with parts.changes.watch(dataset_id) as watch:
        while True:
            # subscribe before reading, so that no change is missed
            current = find_dataset(parts, dataset_id)
            if current is None:
                raise NotFound("The dataset was deleted meanwhile.")
            left_s = deadline - time.monotonic()
            if done(current[0]) or left_s <= 0 or parts.changes.stopping or gone():
                return current
            watch.wait(left_s)
