"""Brings datasets back after Redis was lost: their records, from storage alone.

Nothing is sent: the workers' own reconciler sees what has no message and sends it.
"""

from __future__ import annotations

import logging

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
        if ledger.get(dataset_id) is not None:
            continue
        record = restore(files, ledger, dataset_id)
        if record is None:
            continue
        counts["datasets_rebuilt"] += 1
        counts["datasets_unfinished"] += not record.state.terminal
        about = {"action": "reconcile", "dataset_id": dataset_id}
        log.info("rebuilt: %s, %s", record.state, record.counts, extra=about)
    return counts
