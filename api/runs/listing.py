"""The caller's runs of one kind, newest first, in pages."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator

from api.callers.auth import owner
from api.runs.find import Found, find_run, is_own
from api.services import Services
from contract.errors import InvalidRequest
from contract.ids import prefix_of
from contract.names.object_keys import run_list_prefix

log = logging.getLogger(__name__)


def page(parts: Services, kind: str, cursor: str, limit: int) -> tuple[list[Found], str | None]:
    """Return at most `limit` runs after `cursor`, and the next cursor; None: these are the last.

    Raises InvalidRequest on a cursor that is none.
    """
    entries = re.compile(rf"\d{{13}}_{prefix_of(kind)}[0-9]{{8}}-[a-z2-7]{{26}}")
    if cursor and not entries.fullmatch(cursor):
        raise InvalidRequest("cursor is not one that this service gave")
    runs: dict[str, Found] = {}  # two senders of one key may have made two entries
    last = cursor
    for entry in _entries(parts, kind, cursor, entries):
        if len(runs) == limit:
            return list(runs.values()), last
        last = entry
        found = _found(parts, entry.partition("_")[2])
        if found is not None and is_own(parts, found[0].request):
            runs[found[0].id] = found
    return list(runs.values()), None


def _found(parts: Services, run_id: str) -> Found | None:
    try:
        return find_run(parts, run_id)
    except ValueError:  # one that cannot be read shall not hide the others
        log.warning("record cannot be read", extra={"action": "list", "dataset_id": run_id})
        return None


def _entries(parts: Services, kind: str, cursor: str, entries: re.Pattern[str]) -> Iterator[str]:
    folder = run_list_prefix(owner(), kind)
    for info in parts.objects.list(folder, start_after=folder + cursor if cursor else ""):
        entry = info.key.removeprefix(folder)
        if entries.fullmatch(entry):  # names of others are passed over
            yield entry
