"""Makes the queue follow the ledger. The queue is a hint; the ledger is authoritative.

The Redis transport loses a message in rare kills, and a killed worker's message comes back only
after the visibility timeout. So the leader looks every few seconds for jobs without a lease and
without a message, and sends them again. A duplicate message is harmless: claiming is atomic.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from contract.names.queues import Lane
from storage.broker.view import BrokerView
from storage.jobs.store import JobStore

log = logging.getLogger(__name__)

GRACE_S = 3.0  # a message is usually claimed within milliseconds of leaving the queue
AT_ONCE = 1_000


class Reconciler:
    """Re-sends what was lost; `send(job_id, lane, model)` puts a message on their queue."""

    def __init__(
        self,
        jobs: JobStore,
        broker: BrokerView,
        send: Callable[[str, Lane, str], None],
    ) -> None:
        self._jobs = jobs
        self._broker = broker
        self._send = send

    def run(self) -> int:
        """Do one round; return how many messages were sent. Raises StorageUnavailable."""
        models = self._jobs.models()
        return sum(self._mend(lane, model) for lane in Lane for model in models)

    def _mend(self, lane: Lane, model: str) -> int:
        orphans = self._jobs.expired_leases(lane, AT_ONCE, model)
        if self._jobs.backlog(lane, model).queued > self._broker.length(lane, [model]):
            orphans += self._jobs.queued(lane, model, older_than_s=GRACE_S, limit=AT_ONCE)
        if not orphans:
            return 0
        waiting = self._broker.waiting_ids(lane, [model])
        lost = [job_id for job_id in orphans if job_id not in waiting]
        for job_id in lost:
            self._send(job_id, lane, model)
        if lost:
            about = {"action": "reconcile", "lane": lane, "model": model}
            log.info("%s jobs sent again", len(lost), extra=about)
        return len(lost)
