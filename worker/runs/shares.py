"""Fair shares of the threads for plans, summaries and dry runs: one caller never has all."""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter, OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from contract.errors import StorageUnavailable
from storage.runs.files import RunObjects
from worker.attempts.patient import PatientLedger

log = logging.getLogger(__name__)

_PAUSE_S = 0.05  # pause before a message goes back to the end of its queue
_LONG_PAUSE_S = 0.25  # after many in a row: messages of others would have appeared
_MANY = 20
_OWNERS_KNOWN = 10_000
Step = Callable[[str], None]


@dataclass(frozen=True)
class OwnerOf:
    """Finds a dataset's owner: in the ledger, a dry run's in its request."""

    ledger: PatientLedger
    files: RunObjects

    def __call__(self, dataset_id: str) -> str | None:
        """Return the owner; None: no login is asked for, or there is no such dataset."""
        try:
            record = self.ledger.get(dataset_id)
            request = record.request if record else self.files.request(dataset_id)
        except StorageUnavailable:  # the step itself reports the error
            return None
        return request.owner if request else None


class Shares:
    """Runs a step, or requeues its message while its owner has `most` steps running here.

    The message stays in its queue, where any worker can take it: nothing waits in memory.
    """

    def __init__(
        self,
        most: int,
        owner_of: Callable[[str], str | None],
        put_back: Callable[[str, str], None],
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self._most = most
        self._owner_of, self._put_back, self._pause = owner_of, put_back, pause
        self._lock = threading.Lock()
        self._in_hand: Counter[str | None] = Counter()
        self._owners: OrderedDict[str, str | None] = OrderedDict()
        self._row = 0  # messages requeued without one that was run in between

    def run(self, task: str, message_id: str, step: Step) -> None:
        """Run `step` of the dataset in its turn; `task` and `message_id` are its message."""
        dataset_id = message_id.partition("/")[0]
        owner = self._owner(dataset_id)
        if not self._enter(owner):
            if self._requeued(task, message_id):
                return
            # The broker is unavailable: run the message that is here.
            self._enter(owner, beyond=True)
        try:
            step(dataset_id)
        finally:
            with self._lock:
                self._in_hand[owner] -= 1

    def _enter(self, owner: str | None, *, beyond: bool = False) -> bool:
        with self._lock:
            if self._in_hand[owner] >= self._most and not beyond:
                return False
            self._in_hand[owner] += 1
            self._row = 0
            return True

    def _requeued(self, task: str, message_id: str) -> bool:
        with self._lock:
            self._row += 1
            pause_s = _PAUSE_S if self._row < _MANY else _LONG_PAUSE_S
        self._pause(pause_s)
        try:
            self._put_back(task, message_id)
        except Exception:  # of the broker's client
            log.warning(
                "message not requeued: %s", message_id, exc_info=True, extra={"action": "dispatch"}
            )
            return False
        return True

    def _owner(self, dataset_id: str) -> str | None:
        with self._lock:
            if dataset_id in self._owners:
                return self._owners[dataset_id]
        owner = self._owner_of(dataset_id)
        with self._lock:
            self._owners[dataset_id] = owner
            if len(self._owners) > _OWNERS_KNOWN:
                self._owners.popitem(last=False)
        return owner
