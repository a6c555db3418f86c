"""What a client may do with a run of its own: cancel it, run its failures again, remove it."""

from __future__ import annotations

import time
from itertools import islice

from api.runs.accept import send_step
from api.services import Services
from contract.errors import Conflict
from contract.names.object_keys import (
    RUN_REQUEST,
    run_list_object,
    run_object,
    run_prefix,
)
from contract.names.queues import (
    STEP_FINALIZE,
    STEP_PLAN,
    TASK_FINALIZE_RUN,
    TASK_PLAN_RUN,
)
from contract.runs import RetryRequest, RunRecord
from contract.states import DatasetState

_BATCH = 1000  # objects; there may be millions


def cancel_run(parts: Services, record: RunRecord) -> None:
    """Stop it, and keep what is done; one that has ended stays as it is."""
    if record.state.terminal:
        return
    parts.files.write_canceled(record.id)  # before the ledger: a rebuilt one is canceled too
    stopped = parts.datasets.cancel(record.id)
    if stopped is not None and stopped[1]:
        send_step(parts, TASK_FINALIZE_RUN, record.request, STEP_FINALIZE)


def retry_run(parts: Services, record: RunRecord, codes: tuple[str, ...]) -> None:
    """Run again what failed, or only what failed with one of `codes`. Raises Conflict."""
    _check_retry(record, codes)
    wanted = RetryRequest(round=record.round + 1, requested_at=time.time(), codes=codes)
    parts.files.write_retry(record.id, wanted)  # from here it is accepted
    started = parts.datasets.retry(record.id, wanted.round, codes)
    if started is None or not started[1]:
        raise Conflict(f"The {record.kind} is being run again already.")
    send_step(parts, TASK_PLAN_RUN, record.request, STEP_PLAN)


def remove_run(parts: Services, record: RunRecord) -> None:
    """Remove its files, its list entry and its record. Raises Conflict while workers may write."""
    if not record.state.terminal:
        raise Conflict(f"The {record.kind} is {record.state.value}; cancel it first.")
    if record.state is DatasetState.CANCELED and parts.files.summary(record.id) is None:
        raise Conflict(f"The {record.kind} is being wound up; try again in a few seconds.")
    remove_files(parts, record.id)
    entry = run_list_object(record.request.owner, record.request.created_at, record.id)
    parts.objects.delete([entry])
    # The record goes last: while it is there, the deletion can be asked for again.
    parts.datasets.delete(record.id)


def remove_files(parts: Services, run_id: str) -> None:
    """Remove all that a run, or a dry run, has in our bucket."""
    # The request goes first: without it nothing can be rebuilt, so a deletion cut short stays one.
    parts.objects.delete([run_object(run_id, RUN_REQUEST)])
    keys = (info.key for info in parts.objects.list(run_prefix(run_id)))
    while batch := list(islice(keys, _BATCH)):
        parts.objects.delete(batch)


def _check_retry(record: RunRecord, codes: tuple[str, ...]) -> None:
    if record.state is not DatasetState.COMPLETED:
        state = record.state.value
        raise Conflict(f"The {record.kind} is {state}; only a completed one can be retried.")
    failed = record.counts.by_code
    if not sum(failed.values()):
        raise Conflict("Nothing failed.")
    if codes and not any(failed.get(code) for code in codes):
        there = ", ".join(f"{code} ({count})" for code, count in failed.items())
        raise Conflict(f"Nothing failed with {', '.join(codes)}; there are {there}."[:1000])
