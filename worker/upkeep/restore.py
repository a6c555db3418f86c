"""Puts unfinished jobs back into Redis from object storage: after a wipe, a restart, a failover.

Two callers: the leading worker by itself (`Restorer`), and a human (`python -m worker.reconcile`).
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

from contract.errors import NotFound
from contract.jobs import JobRecord
from contract.names.object_keys import input_object
from contract.names.queues import Lane
from storage.jobs.ledger import AlreadyOver
from storage.jobs.recovery import job_folders, unfinished
from storage.jobs.store import JobStore
from storage.ledger.incarnation import Incarnation
from storage.ledger.webhooks import WebhookQueue
from storage.objects.protocol import ObjectStore
from worker.upkeep.marks import MarkReader

log = logging.getLogger(__name__)

Send = Callable[[str, Lane, str], None]  # job id, lane, model


def days_kept(retention_s: int) -> int:
    """Return how many days back an unexpired job may have been accepted."""
    return retention_s // 86_400 + 1


def restore_jobs(
    objects: ObjectStore, jobs: JobStore, webhooks: WebhookQueue, send: Send, days: int
) -> dict[str, int]:
    """Rebuild and send the unfinished jobs of the last `days`; returns the counts.

    Of ended jobs only their marks are restored. Safe to run at any time and twice: existing records
    are left alone (`known`), and a duplicate message is harmless. Raises StorageUnavailable.
    """
    counts = {"unfinished": 0, "rebuilt": 0, "known": 0, "too_old": 0}
    since = (datetime.now(UTC) - timedelta(days=days)).date()
    with MarkReader(objects, jobs, webhooks) as marks:
        for folder in job_folders(objects, since):
            marks.read(folder)
            record = unfinished(objects, folder)
            if record is not None:
                counts["unfinished"] += 1
                counts[_restore(objects, jobs, send, record)] += 1
    return counts


def _restore(objects: ObjectStore, jobs: JobStore, send: Send, record: JobRecord) -> str:
    if record.request.expires_at <= time.time():
        return "too_old"
    try:
        if not jobs.create(record):
            return "known"  # it has a message, or the workers' own reconciler sends one
    except AlreadyOver:
        return "too_old"
    try:
        objects.head(input_object(record.id))
    except NotFound:  # deleted meanwhile: a deletion removes the input first, the record last
        jobs.delete(record.id)
        return "too_old"
    send(record.id, record.request.lane, record.request.options.model)
    log.info("rebuilt", extra={"action": "restore", "job_id": record.id})
    return "rebuilt"


class Restorer:
    """Detects that Redis may have lost data, and compares it with storage: that takes minutes."""

    def __init__(
        self, incarnation: Incarnation, steps: Sequence[Callable[[], dict[str, int]]]
    ) -> None:
        """`steps` restore jobs, datasets and others, and return their counts."""
        self._incarnation = incarnation
        self._steps = steps

    def run(self) -> bool:
        """Compare if it was not done since Redis started; True: done. Raises StorageUnavailable.

        If interrupted, or if Redis is replaced meanwhile, the next call begins again.
        """
        run_id = self._incarnation.run_to_compare()
        if run_id is None:
            return False
        counts = [step() for step in self._steps]
        self._incarnation.mark_compared(run_id)
        log.info("Redis is new: compared with storage, %s", counts, extra={"action": "restore"})
        return True
