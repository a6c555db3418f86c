"""Brings datasets back after Redis was lost, or its last writes were: from storage alone.

Nothing is sent: the workers' own reconciler sees what has no message and sends it.
"""

from __future__ import annotations

import logging

from contract.datasets import DatasetRecord
from contract.states import DatasetState
from storage.dataset_objects import DatasetObjects
from storage.dataset_recovery import dataset_ids, restore
from storage.datasets import DatasetStore
from storage.objects import ObjectStore

log = logging.getLogger(__name__)


def recover_datasets(objects: ObjectStore, ledger: DatasetStore) -> dict[str, int]:
    """Rebuild every dataset that the ledger does not know; return how many, and those unfinished.

    Safe to run at any time and twice. Raises StorageUnavailable.
    """
    files = DatasetObjects(objects)
    counts = {"datasets": 0, "datasets_rebuilt": 0, "datasets_unfinished": 0}
    for dataset_id in dataset_ids(objects):
        counts["datasets"] += 1
        known = ledger.get(dataset_id)
        if known is not None:
            _bring_up_to_date(files, ledger, known)
            continue
        record = restore(files, ledger, dataset_id)
        if record is None:
            continue
        counts["datasets_rebuilt"] += 1
        counts["datasets_unfinished"] += not record.state.terminal
        about = {"action": "reconcile", "dataset_id": dataset_id}
        log.info("rebuilt: %s, %s", record.state, record.counts, extra=about)
    return counts


def _bring_up_to_date(files: DatasetObjects, ledger: DatasetStore, record: DatasetRecord) -> None:
    """Do again what a client was promised, if the ledger has forgotten it: a cancel, a retry."""
    if not record.state.terminal and files.canceled(record.id):
        ledger.cancel(record.id)
    if record.state is DatasetState.COMPLETED:
        retry = files.last_retry(record.id)
        if retry is not None and retry.round == record.round + 1:
            ledger.retry(record.id, retry.round, retry.codes)
