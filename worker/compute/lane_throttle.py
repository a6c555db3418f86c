"""The bulk worker throttles itself while the interactive worker of the same machine is busy.

OS priorities divide CPU time, but not memory bandwidth, not the object store, and not the delay
until a core is released. While the interactive lane is busy, the bulk lane runs one item at a time.
It returns to full concurrency once the interactive lane is quiet, and never stops completely.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol

from contract.errors import StorageUnavailable

log = logging.getLogger(__name__)

ANNOUNCE_EVERY_S = 0.5
# After the last message; a multiple of ANNOUNCE_EVERY_S, so that one lost message has no effect.
QUIET_S = 2.0


class LaneThrottle(Protocol):
    """A lane's part in the throttling, called for each image."""

    def start(self) -> None:
        """Start listening, where the lane listens."""

    def stop(self) -> None:
        """Stop throttling."""

    def yielding(self) -> bool:
        """Tell whether the other lane has priority now."""

    def turn(self) -> AbstractContextManager[None]:
        """Return the context manager in which one image is processed."""


class InteractiveAnnouncer:
    """Announces the interactive lane's work, at most every ANNOUNCE_EVERY_S; never waits."""

    def __init__(self, announce: Callable[[], None]) -> None:
        self._announce = announce
        self._announced_at = float("-inf")

    def start(self) -> None:
        """Do nothing: this lane does not listen."""

    def stop(self) -> None:
        """Do nothing: this lane never waits."""

    def yielding(self) -> bool:
        """Return False: this lane has priority."""
        return False

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Announce that an image is processed. A failed announcement does not fail the image."""
        now = time.monotonic()
        if now - self._announced_at > ANNOUNCE_EVERY_S:
            self._announced_at = now
            try:
                self._announce()
            except StorageUnavailable as exc:
                log.debug("not announced: %s", exc, extra={"action": "courtesy"})
        yield


class BulkThrottle:
    """The bulk lane's part: one image at a time until QUIET_S after the last announcement."""

    def __init__(self, messages: Callable[[], AbstractContextManager[Iterator[str]]]) -> None:
        self._messages = messages
        self._until = 0.0
        self._working = 0
        self._stopping = False
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._listen, name="lane-throttle", daemon=True)

    def start(self) -> None:
        """Start the listening thread."""
        self._thread.start()

    def stop(self) -> None:
        """Stop throttling, so that items in progress finish."""
        with self._changed:
            self._stopping = True
            self._changed.notify_all()

    def yielding(self) -> bool:
        """Tell whether the interactive lane is busy, or was within the last QUIET_S."""
        return not self._stopping and time.monotonic() < self._until

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Wait until an image may be processed: at once, or while yielding one at a time."""
        with self._changed:
            while self._working and self.yielding():
                self._changed.wait(max(0.0, self._until - time.monotonic()))
            self._working += 1
        try:
            yield
        finally:
            with self._changed:
                self._working -= 1
                self._changed.notify()

    def _listen(self) -> None:
        with self._messages() as messages:
            for message in messages:
                if self._stopping:
                    return
                if message:
                    self._until = time.monotonic() + QUIET_S
