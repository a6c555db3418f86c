"""The accept stage of runs: check, store, record, notify the workers; in this order.

Once `dataset.json` is written the run is accepted: it can be rebuilt from storage alone.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from secrets import token_hex
from typing import Any

from api.callers.idempotency import Binding
from api.receiving.uploads import Upload
from api.receiving.webhook_url import check_webhook_url
from api.services import Services
from contract.errors import StorageRefused, StorageUnavailable
from contract.ids import new_run_id
from contract.names.object_keys import (
    RUN_ARCHIVE,
    RUN_REQUEST,
    run_list_object,
    run_object,
    run_prefix,
)
from contract.names.queues import STEP_PLAN, TASK_FORECAST_DATASET, TASK_PLAN_RUN, Lane
from contract.runs import DatasetSpec, RunRecord, RunRequest

log = logging.getLogger(__name__)

STEP_FORECAST = "forecast"


@dataclass(frozen=True)
class Submission:
    """What a client sent, read and counted but not yet checked.

    `upload` becomes the run's archive; `wishes` are what its kind is asked for beyond `spec`.
    """

    kind: str
    spec: DatasetSpec
    upload: Upload | None
    owner: str | None
    idempotency_key: str | None
    dry_run: bool = False
    wishes: dict[str, Any] = field(default_factory=dict)


def accept_run(parts: Services, submission: Submission, check: Callable[[], object]) -> RunRequest:
    """Check, keep and enqueue; return the request (an older one if this is a replay).

    `check` is the kind's own, called first. Raises what it raises, InvalidRequest, ModelNotServed
    or Conflict, and StorageUnavailable, after which nothing is kept.
    """
    check_webhook_url(submission.spec.webhook_url, parts.settings)
    check()
    run_id, model = new_run_id(submission.kind), submission.spec.options.model
    if submission.idempotency_key is None:
        parts.models.check(model, Lane.BULK)
    else:
        binding = _binding(submission, submission.idempotency_key)
        run_id = binding.holder(parts, run_id)
        if kept := parts.files.request(run_id):
            return kept
        parts.models.check(model, Lane.BULK)
        binding.write_mark(parts, run_prefix(run_id))
    return _keep(parts, submission, run_id)


def _binding(submission: Submission, key: str) -> Binding:
    upload = submission.upload.sha256 if submission.upload else ""
    wanted = f"{upload}\n{submission.dry_run}\n{submission.spec.model_dump_json()}"
    if submission.wishes:
        wanted += f"\n{json.dumps(submission.wishes, sort_keys=True)}"
    return Binding.of(submission.kind, submission.owner or "", key, wanted=wanted)


def _keep(parts: Services, submission: Submission, run_id: str) -> RunRequest:
    shared = submission.idempotency_key is not None  # concurrent requests may write the same id
    request = RunRequest(
        id=run_id,
        created_at=time.time(),
        spec=submission.spec,
        archive=_archive_key(run_id, shared=shared) if submission.upload else None,
        owner=submission.owner,
        dry_run=submission.dry_run,
        wishes=submission.wishes,
    )
    _write(parts, request, submission.upload, shared=shared)
    if request.dry_run:
        send_step(parts, TASK_FORECAST_DATASET, request, STEP_FORECAST)
        return request
    try:
        parts.datasets.create(RunRecord(request=request))
    except StorageUnavailable:
        if not shared:  # with a shared id, a repeated request finds it and continues
            _forget(parts, request, run_object(request.id, RUN_REQUEST))
        raise
    send_step(parts, TASK_PLAN_RUN, request, STEP_PLAN)
    return request


def _archive_key(run_id: str, *, shared: bool) -> str:
    """Return the object key of the upload; every request for a shared id has a key of its own."""
    return run_object(run_id, RUN_ARCHIVE + (f"-{token_hex(8)}" if shared else ""))


def _write(parts: Services, request: RunRequest, upload: Upload | None, *, shared: bool) -> None:
    """Write upload, list entry and request, in this order; on failure remove them, best effort."""
    try:
        if upload is not None and request.archive is not None:
            media_type = "application/octet-stream"
            parts.objects.put(request.archive, upload.content(), media_type=media_type)
        if not request.dry_run:
            parts.objects.put(_entry(request), b"", media_type="text/plain")
    except StorageUnavailable:
        _forget(parts, request)
        raise
    try:
        parts.files.write_request(request)
    except StorageUnavailable as exc:
        if not shared:
            _forget(parts, request, run_object(request.id, RUN_REQUEST))
        # Otherwise it may exist, and a repeated request continues with it.
        elif isinstance(exc, StorageRefused):
            _forget(parts, request)
        raise


def _entry(request: RunRequest) -> str:
    return run_list_object(request.owner, request.created_at, request.id)


def send_step(parts: Services, task: str, request: RunRequest, step: str) -> None:
    """Send the step's message. If that fails, the workers' reconciler sends it later."""
    try:
        parts.dispatch.send_step(task, f"{request.id}/{step}", request.spec.options.model)
    except StorageUnavailable as exc:
        about = {"action": "enqueue", "dataset_id": request.id}
        log.warning("not enqueued: %s", exc, extra=about)


def _forget(parts: Services, request: RunRequest, *more: str) -> None:
    """Remove what a refused run has written, best effort."""
    upload = (request.archive,) if request.archive else ()
    for key in (*more, *upload, _entry(request)):
        try:
            parts.objects.delete([key])
        except StorageUnavailable as exc:
            about = {"action": "forget", "dataset_id": request.id}
            log.warning("files left behind: %s", exc, extra=about)
