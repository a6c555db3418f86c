"""The poll stage: finds a job for its owner and waits for it, within the budget."""

from __future__ import annotations

import time
from collections.abc import Callable

from flask import request

from api.callers.auth import caller, owner
from api.jobs.accept import find
from api.services import Services
from api.waiting.changes import ChangeHub, Watch
from contract.errors import NotFound
from contract.ids import is_id
from contract.jobs import JobRecord

Done = Callable[[JobRecord], bool]


def own_job(parts: Services, job_id: str) -> JobRecord:
    """Return the job if there is one and it is the caller's; raises NotFound alike for both."""
    record = find(parts, job_id) if is_id(job_id) else None
    if record is None or (parts.settings.api_keys and record.request.owner != owner()):
        raise NotFound(f"There is no job {job_id[:60]!r}, or not any more.")
    return record


def ended(record: JobRecord) -> bool:
    """Tell whether nothing will change any more."""
    return record.state.terminal


def wait_until(
    parts: Services, record: JobRecord, done: Done, timeout_s: float, watch: Watch | None = None
) -> JobRecord:
    """Return the job as soon as it is `done`, or as it is when time or the budget is used up.

    `watch`: the subscription to its end that was there before `record` was read or written, if
    one was; the record then needs no second read. Without a free slot it returns at once: the
    client polls again, and no other request starves.
    """
    if timeout_s <= 0 or done(record):
        return record
    with parts.waits.slot(caller()) as taken:
        if not taken:
            return record
        hub = parts.endings if done is ended else parts.changes
        if watch is not None and hub.hears:
            return _wait(parts, record, done, hub, watch, time.monotonic() + timeout_s)
        with hub.watch(record.id) as own:
            # subscribed before reading, so that no change is missed
            record = _now(parts, record.id)
            return _wait(parts, record, done, hub, own, time.monotonic() + timeout_s)


def _wait(
    parts: Services, record: JobRecord, done: Done, hub: ChangeHub, watch: Watch, deadline: float
) -> JobRecord:
    # stop waiting once the client has disconnected
    gone = request.environ.get("waitress.client_disconnected", lambda: False)
    while True:
        left_s = deadline - time.monotonic()
        if done(record) or left_s <= 0 or hub.stopping or gone():
            return record
        watch.wait(left_s)
        record = _now(parts, record.id)


def _now(parts: Services, job_id: str) -> JobRecord:
    record = parts.jobs.get(job_id)
    if record is None:
        raise NotFound("The job was deleted meanwhile.")
    return record
