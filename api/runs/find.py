"""Finds a run for its owner and waits for it, within the budget."""

from __future__ import annotations

from collections.abc import Callable

from api.callers.auth import owner
from api.services import Services
from api.waiting.wait import Subject, wait
from contract.errors import Conflict, NotFound
from contract.ids import is_run_id
from contract.runs import Progress, RunRecord, RunRequest
from storage.runs.recovery import restore

Found = tuple[RunRecord, Progress]


def find_run(parts: Services, run_id: str) -> Found | None:
    """Return the run and how fast it moves, rebuilt from storage if Redis lost it."""
    found = parts.datasets.get_with_progress(run_id)
    if found is None and restore(parts.files, parts.datasets, run_id) is not None:
        found = parts.datasets.get_with_progress(run_id)
    return found


def own_run(parts: Services, kind: str, run_id: str) -> Found:
    """Return the run if there is one of `kind` and it is the caller's; else raise NotFound.

    Raises Conflict for a dry run, which is no run.
    """
    found = find_run(parts, run_id) if is_run_id(run_id, kind) else None
    if found is None and own_dry_run(parts, kind, run_id):
        raise Conflict("This was a dry run: there is nothing but its forecast.")
    if found is None or not is_own(parts, found[0].request):
        raise NotFound(f"There is no {kind} {run_id[:60]!r}, or not any more.")
    return found


def own_dry_run(parts: Services, kind: str, run_id: str) -> RunRequest | None:
    """Return the dry run if this is one, and the caller's; None: it is not."""
    request = parts.files.request(run_id) if is_run_id(run_id, kind) else None
    return request if request and request.dry_run and is_own(parts, request) else None


def is_own(parts: Services, wanted: RunRequest) -> bool:
    """Tell whether the run belongs to the caller."""
    return not parts.settings.api_keys or wanted.owner == owner()


def subject(parts: Services, run_id: str, kind: str) -> Subject[Found]:
    """Return the run as what is waited for."""
    return Subject(run_id, kind, lambda: find_run(parts, run_id), parts.changes)


def ended(found: Found) -> bool:
    """Tell whether nothing will change any more, short of a retry."""
    return found[0].state.terminal


def wait_for_run(
    parts: Services, found: Found, done: Callable[[Found], bool], timeout_s: float
) -> Found:
    """Return the run once it is `done`, or as it is when time or the budget is used up."""
    record = found[0]
    return wait(parts, subject(parts, record.id, record.kind), found, done, timeout_s)
