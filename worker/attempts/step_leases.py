"""Renews the leases of this process's steps, and reports their progress, in one round trip."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from contract.errors import StorageUnavailable
from contract.states import DatasetState
from storage.runs.store import RunStore, Step

log = logging.getLogger(__name__)


@dataclass
class Held:
    """A step that this process holds. The holder counts `items`; renewals set the others."""

    items: int = 0
    lost: bool = False  # held by another worker, or canceled: stop soon
    canceled: bool = False  # stop, but store what is done


class StepLeases:
    """The steps in progress here. `renew` is called periodically by the worker."""

    def __init__(self, ledger: RunStore, lease_s: float) -> None:
        self.lease_s = lease_s
        self._ledger = ledger
        self._lock = threading.Lock()
        self._held: dict[Step, Held] = {}

    @contextmanager
    def hold(self, step: Step) -> Iterator[Held]:
        """Have the lease of `step` renewed while the block runs."""
        held = Held()
        with self._lock:
            self._held[step] = held
        try:
            yield held
        finally:
            with self._lock:
                self._held.pop(step, None)

    def renew(self) -> None:
        """Renew all leases and record which were lost."""
        with self._lock:
            steps = dict(self._held)
        if not steps:
            return
        try:
            renewals = self._ledger.renew({s: h.items for s, h in steps.items()}, self.lease_s)
        except StorageUnavailable as exc:
            log.warning("leases not renewed: %s", exc, extra={"action": "renew"})
            return
        for step, held in steps.items():
            renewal = renewals[step.dataset_id]
            if step.name in renewal.lost:
                held.canceled = renewal.state == DatasetState.CANCELED
                held.lost = True
