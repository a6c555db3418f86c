"""Periodic work of the leader: one entry for each chore, one check of who leads for all."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass

from contract.errors import StorageUnavailable

log = logging.getLogger(__name__)

LOOK_S = 1.0  # a chore is at most twice this late after a change of leader


@dataclass(frozen=True)
class Chore:
    """`run` is called every `every_s` by the one process that leads; it must be safe to do twice.

    `rest_s`: its pause after an outage, during which leases of live workers have expired.
    """

    name: str  # what log lines call it
    every_s: float
    run: Callable[[], object]
    rest_s: float = 0.0

    @property
    def look_s(self) -> float:
        """How often to look whether it is due."""
        return min(self.every_s, LOOK_S)


class Leading:
    """Tells whether this process leads; asks Redis at most once a second while another one does."""

    def __init__(self, acquire_or_renew: Callable[[], bool]) -> None:
        self._acquire_or_renew = acquire_or_renew
        self._other_until = 0.0  # monotonic, s

    def __call__(self) -> bool:
        """Return whether it leads. Raises StorageUnavailable."""
        if time.monotonic() < self._other_until:
            return False
        leads = self._acquire_or_renew()
        if not leads:
            self._other_until = time.monotonic() + LOOK_S
        return leads


class Led:
    """One chore, done where `leads()`. Each needs a thread of its own: some take minutes."""

    def __init__(self, chore: Chore, leads: Callable[[], bool]) -> None:
        self.chore = chore
        self._leads = leads
        self._due_at = 0.0  # monotonic, s

    def tick(self) -> object:
        """Do the chore if it is due and this process leads; return its result, else None."""
        if time.monotonic() < self._due_at:
            return None
        try:
            if not self._leads():
                return None
            self._due_at = time.monotonic() + self.chore.every_s
            return self.chore.run()
        except StorageUnavailable as exc:
            self._due_at = max(self._due_at, time.monotonic() + self.chore.rest_s)
            log.warning("%s waits: %s", self.chore.name, exc, extra={"action": "chore"})
            return None
