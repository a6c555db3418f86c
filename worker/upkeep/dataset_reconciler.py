"""Sends steps again that have an expired lease and no waiting message."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

from contract.errors import StorageUnavailable
from contract.names.queues import Lane
from storage.broker.view import BrokerView
from storage.datasets.store import DatasetStore
from worker.runs.dispatcher import Dispatcher, message

log = logging.getLogger(__name__)

AFTER_OUTAGE_S = 5.0  # after an outage of Redis leases have expired; live holders renew first


class DatasetReconciler:
    """`tick` is called every few seconds; only the leader acts."""

    def __init__(
        self,
        ledger: DatasetStore,
        broker: BrokerView,
        dispatcher: Dispatcher,
        leads: Callable[[], bool],
        model_of: Callable[[str], str],
    ) -> None:
        self._ledger = ledger
        self._broker = broker
        self._dispatcher = dispatcher
        self._leads = leads
        self._model_of = model_of
        self._quiet_until = 0.0

    def tick(self) -> int:
        """Do one round if this process leads; return how many messages were sent."""
        try:
            if not self._leads() or time.monotonic() < self._quiet_until:
                return 0
            sent = sum(self._mend(dataset_id) for dataset_id in self._ledger.active())
            return sent + self._dispatcher.top_up()
        except StorageUnavailable as exc:
            self._quiet_until = time.monotonic() + AFTER_OUTAGE_S
            log.warning("datasets not reconciled: %s", exc, extra={"action": "reconcile"})
            return 0

    def _mend(self, dataset_id: str) -> int:
        late = self._ledger.overdue(dataset_id)
        if not late:
            return 0
        model = self._model_of(dataset_id)
        waiting = self._broker.waiting_ids(Lane.BULK, [model])
        lost = [step for step in late if message(dataset_id, step)[1] not in waiting]
        for step in lost:
            self._dispatcher.send(dataset_id, step)
        if lost:
            about = {"action": "reconcile", "dataset_id": dataset_id}
            log.info("sent again: %s", ", ".join(lost), extra=about)
        return len(lost)
