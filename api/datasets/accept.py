"""The accept stage of datasets: check, store, record, notify the workers; in this order.

Once `dataset.json` is written the dataset is accepted: it can be rebuilt from storage alone.
"""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from secrets import token_hex

from api.callers.idempotency import Binding
from api.receiving.uploads import Upload
from api.receiving.webhook_url import check_webhook_url
from api.services import Services
from contract.datasets import DatasetRecord, DatasetRequest, DatasetSpec
from contract.errors import StorageRefused, StorageUnavailable
from contract.ids import new_id
from contract.names.object_keys import (
    DATASET_ARCHIVE,
    DATASET_REQUEST,
    dataset_list_object,
    dataset_object,
    dataset_prefix,
)
from contract.names.queues import STEP_PLAN, TASK_FORECAST_DATASET, TASK_PLAN_DATASET, Lane
from storage.datasets.preflight import check_spec

log = logging.getLogger(__name__)

STEP_FORECAST = "forecast"


@dataclass(frozen=True)
class DatasetSubmission:
    """What a client sent, read and counted but not yet checked."""

    spec: DatasetSpec
    archive: Upload | None
    dry_run: bool
    owner: str | None
    idempotency_key: str | None


def accept_dataset(parts: Services, submission: DatasetSubmission) -> DatasetRequest:
    """Check, keep and enqueue; return the request (an older one if this is a replay).

    Raises InvalidRequest, ModelNotServed or Conflict, and StorageUnavailable, after which nothing
    is kept.
    """
    check_webhook_url(submission.spec.webhook_url, parts.settings)
    has_archive = submission.archive is not None
    buckets = parts.buckets.of(submission.owner)
    check_spec(submission.spec, buckets, parts.objects, archive=has_archive)
    dataset_id = new_id()
    if submission.idempotency_key is None:
        parts.models.check(submission.spec.options.model, Lane.BULK)
    if submission.idempotency_key is not None:
        binding = _binding(submission, submission.idempotency_key)
        dataset_id = binding.holder(parts, dataset_id)
        if kept := parts.files.request(dataset_id):
            return kept
        parts.models.check(submission.spec.options.model, Lane.BULK)
        binding.outlive_redis(parts, dataset_prefix(dataset_id))
    return _keep(parts, submission, dataset_id)


def _binding(submission: DatasetSubmission, key: str) -> Binding:
    archive = submission.archive.sha256 if submission.archive else ""
    wanted = f"{archive}\n{submission.dry_run}\n{submission.spec.model_dump_json()}"
    return Binding.of("dataset", submission.owner or "", key, wanted=wanted)


def _keep(parts: Services, submission: DatasetSubmission, dataset_id: str) -> DatasetRequest:
    shared = submission.idempotency_key is not None  # concurrent requests may write the same id
    request = DatasetRequest(
        id=dataset_id,
        created_at=time.time(),
        spec=submission.spec,
        archive=_archive_key(dataset_id, shared=shared) if submission.archive else None,
        owner=submission.owner,
        dry_run=submission.dry_run,
    )
    _write(parts, request, submission.archive, shared=shared)
    if request.dry_run:
        send_step(parts, TASK_FORECAST_DATASET, request, STEP_FORECAST)
        return request
    try:
        parts.datasets.create(DatasetRecord(request=request))
    except StorageUnavailable:
        if not shared:  # with a shared id, a repeated request finds it and continues
            _forget(parts, request, dataset_object(request.id, DATASET_REQUEST))
        raise
    send_step(parts, TASK_PLAN_DATASET, request, STEP_PLAN)
    return request


def _archive_key(dataset_id: str, *, shared: bool) -> str:
    """Return the object key of the archive; every request for a shared id has a key of its own."""
    return dataset_object(dataset_id, DATASET_ARCHIVE + (f"-{token_hex(8)}" if shared else ""))


def _write(
    parts: Services, request: DatasetRequest, archive: Upload | None, *, shared: bool
) -> None:
    """Write archive, list entry and request, in this order; on failure remove them, best effort."""
    try:
        if archive is not None and request.archive is not None:
            media_type = "application/octet-stream"
            parts.objects.put(request.archive, archive.content(), media_type=media_type)
        if not request.dry_run:
            parts.objects.put(_entry(request), b"", media_type="text/plain")
    except StorageUnavailable:
        _forget(parts, request)
        raise
    try:
        parts.files.write_request(request)
    except StorageUnavailable as exc:
        if not shared:
            _forget(parts, request, dataset_object(request.id, DATASET_REQUEST))
        # Otherwise it may exist, and a repeated request continues with it.
        elif isinstance(exc, StorageRefused):
            _forget(parts, request)
        raise


def _entry(request: DatasetRequest) -> str:
    return dataset_list_object(request.owner, request.created_at, request.id)


def send_step(parts: Services, task: str, request: DatasetRequest, step: str) -> None:
    """Send the step's message. If that fails, the workers' reconciler sends it later."""
    try:
        parts.dispatch.send_step(task, f"{request.id}/{step}", request.spec.options.model)
    except StorageUnavailable as exc:
        about = {"action": "enqueue", "dataset_id": request.id}
        log.warning("not enqueued: %s", exc, extra=about)


def _forget(parts: Services, request: DatasetRequest, *more: str) -> None:
    """Remove what a refused dataset has written, best effort."""
    archive = (request.archive,) if request.archive else ()
    for key in (*more, *archive, _entry(request)):
        try:
            parts.objects.delete([key])
        except StorageUnavailable as exc:
            about = {"action": "forget", "dataset_id": request.id}
            log.warning("files left behind: %s", exc, extra=about)
