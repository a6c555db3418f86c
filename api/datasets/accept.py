"""The accept stage of datasets: checked, kept, recorded, told to the workers; in this order.

Once `dataset.json` is written the dataset is accepted: it can be rebuilt from storage alone.
"""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass

from api.callers.idempotency import Binding
from api.receiving.uploads import Upload
from api.services import Services
from api.webhook_url import check_webhook_url
from contract.datasets import DatasetRecord, DatasetRequest, DatasetSpec
from contract.errors import StorageUnavailable
from contract.ids import new_id
from contract.names.object_keys import (
    DATASET_ARCHIVE,
    DATASET_REQUEST,
    dataset_list_object,
    dataset_object,
    dataset_prefix,
)
from contract.names.queues import STEP_PLAN, TASK_FORECAST_DATASET, TASK_PLAN_DATASET
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

    Raises InvalidRequest or Conflict, and StorageUnavailable, after which nothing is kept.
    """
    check_webhook_url(submission.spec.webhook_url, parts.settings)
    has_archive = submission.archive is not None
    check_spec(submission.spec, parts.buckets, parts.objects, archive=has_archive)
    dataset_id = new_id()
    if submission.idempotency_key is not None:
        binding = _binding(submission, submission.idempotency_key)
        dataset_id = binding.holder(parts, dataset_id)
        if kept := parts.files.request(dataset_id):
            return kept
        binding.outlive_redis(parts, dataset_prefix(dataset_id))
    return _keep(parts, submission, dataset_id)


def _binding(submission: DatasetSubmission, key: str) -> Binding:
    archive = submission.archive.sha256 if submission.archive else ""
    wanted = f"{archive}\n{submission.dry_run}\n{submission.spec.model_dump_json()}"
    return Binding.of("dataset", submission.owner or "", key, wanted=wanted)


def _keep(parts: Services, submission: DatasetSubmission, dataset_id: str) -> DatasetRequest:
    request = DatasetRequest(
        id=dataset_id,
        created_at=time.time(),
        spec=submission.spec,
        archive=_keep_archive(parts, dataset_id, submission.archive),
        owner=submission.owner,
        dry_run=submission.dry_run,
    )
    if request.dry_run:
        parts.files.write_request(request)
        send_step(parts, TASK_FORECAST_DATASET, dataset_id, STEP_FORECAST)
        return request
    entry = dataset_list_object(request.owner, request.created_at, dataset_id)
    parts.objects.put(entry, b"", media_type="text/plain")
    parts.files.write_request(request)
    try:
        parts.datasets.create(DatasetRecord(request=request))
    except StorageUnavailable:
        if submission.idempotency_key is None:  # with one, the replay finds it and goes on
            _forget(parts, request, entry)
        raise
    send_step(parts, TASK_PLAN_DATASET, dataset_id, STEP_PLAN)
    return request


def _keep_archive(parts: Services, dataset_id: str, archive: Upload | None) -> str | None:
    if archive is None:
        return None
    key = dataset_object(dataset_id, DATASET_ARCHIVE)
    parts.objects.put(key, archive.reader(), media_type="application/octet-stream")
    return key


def send_step(parts: Services, task: str, dataset_id: str, step: str) -> None:
    """Tell the workers. Failing is no reason to refuse: their reconciler sends what is missing."""
    try:
        parts.dispatch.send_step(task, f"{dataset_id}/{step}")
    except StorageUnavailable as exc:
        about = {"action": "enqueue", "dataset_id": dataset_id}
        log.warning("not enqueued: %s", exc, extra=about)


def _forget(parts: Services, request: DatasetRequest, entry: str) -> None:
    """Remove what a refused dataset has written, as well as we can."""
    keys = [dataset_object(request.id, DATASET_REQUEST), entry]
    try:
        parts.objects.delete([*keys, request.archive] if request.archive else keys)
    except StorageUnavailable as exc:
        about = {"action": "forget", "dataset_id": request.id}
        log.warning("files left behind: %s", exc, extra=about)
