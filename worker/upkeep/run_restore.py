"""Restores datasets from storage after Redis lost them, or its last writes.

Sends nothing: the workers' reconciler finds steps without a message and sends them.
"""

from __future__ import annotations

import logging
import time

from contract.ids import day_of
from contract.names.object_keys import idempotency_marks, run_prefix
from contract.runs import RunRecord
from contract.states import DatasetState
from storage.callers.idempotency import IDEMPOTENCY_TTL_S
from storage.jobs.store import JobStore
from storage.ledger.webhooks import WebhookQueue
from storage.objects.protocol import ObjectStore
from storage.runs.files import RunObjects
from storage.runs.recovery import restore, run_ids
from storage.runs.store import RunStore
from worker.upkeep.marks import MarkReader

log = logging.getLogger(__name__)


def recover_runs(
    objects: ObjectStore, ledger: RunStore, jobs: JobStore, webhooks: WebhookQueue
) -> dict[str, int]:
    """Rebuild every dataset that the ledger lacks; return how many, and the unfinished ones.

    Their idempotency keys and due webhooks are restored too, from their marks. Safe to run at any
    time and twice. Raises StorageUnavailable.
    """
    files = RunObjects(objects)
    counts = {"datasets": 0, "datasets_rebuilt": 0, "datasets_unfinished": 0}
    with MarkReader(objects, jobs, webhooks) as marks:
        for dataset_id in run_ids(objects):
            counts["datasets"] += 1
            _bind_keys(objects, marks, dataset_id)
            record = ledger.get(dataset_id)
            if record is not None:
                _bring_up_to_date(files, ledger, record)
            else:
                record = _rebuild(files, ledger, dataset_id, counts)
            if record is not None and files.call_is_due(record):
                webhooks.schedule_again(dataset_id, time.time())
    return counts


def _rebuild(
    files: RunObjects, ledger: RunStore, dataset_id: str, counts: dict[str, int]
) -> RunRecord | None:
    record = restore(files, ledger, dataset_id)
    if record is not None:
        counts["datasets_rebuilt"] += 1
        counts["datasets_unfinished"] += not record.state.terminal
        about = {"action": "reconcile", "dataset_id": dataset_id}
        log.info("rebuilt: %s, %s", record.state, record.counts, extra=about)
    return record


def _bind_keys(objects: ObjectStore, marks: MarkReader, dataset_id: str) -> None:
    """Read the marks of idempotency keys, of datasets recent enough for valid ones."""
    youngest_day = time.strftime("%Y%m%d", time.gmtime(time.time() - IDEMPOTENCY_TTL_S))
    if day_of(dataset_id) < youngest_day:
        return
    for info in objects.list(idempotency_marks(run_prefix(dataset_id))):
        marks.bind(dataset_id, info.key.rpartition("/")[2], info.modified_at)


def _bring_up_to_date(files: RunObjects, ledger: RunStore, record: RunRecord) -> None:
    """Apply again what a client was promised and the ledger lost: a cancel, a retry."""
    if not record.state.terminal and files.canceled(record.id):
        ledger.cancel(record.id)
    if record.state is DatasetState.COMPLETED:
        retry = files.last_retry(record.id)
        if retry is not None and retry.round == record.round + 1:
            ledger.retry(record.id, retry.round, retry.codes)
