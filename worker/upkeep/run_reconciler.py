"""Sends steps again that have an expired lease and no waiting message."""

from __future__ import annotations

import logging
from collections.abc import Callable

from contract.names.queues import Lane
from storage.broker.view import BrokerView
from storage.runs.store import RunStore
from worker.runs.dispatcher import Dispatcher, message

log = logging.getLogger(__name__)

AFTER_OUTAGE_S = 5.0  # after an outage of Redis leases have expired; live holders renew first


class RunReconciler:
    """One round of it is a chore, every few seconds."""

    def __init__(
        self,
        ledger: RunStore,
        broker: BrokerView,
        dispatcher: Dispatcher,
        model_of: Callable[[str], str],
    ) -> None:
        self._ledger = ledger
        self._broker = broker
        self._dispatcher = dispatcher
        self._model_of = model_of

    def run(self) -> int:
        """Do one round; return how many messages were sent. Raises StorageUnavailable."""
        sent = sum(self._mend(dataset_id) for dataset_id in self._ledger.active())
        return sent + self._dispatcher.top_up()

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
