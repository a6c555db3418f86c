"""How the lanes of one machine meet: the interactive one says it works, the bulk one steps aside.

Priorities divide the cores, but not the memory, not the object store that both lanes ask, and not
the time until a core is given back. So the bulk lane does one item at a time while somebody waits
for a picture, and goes on with all hands when nobody has for a moment. It never stops.
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

SAY_EVERY_S = 0.5
QUIET_S = 2.0  # after the last word; several times SAY_EVERY_S, so that a busy lane is heard as one


class Manners(Protocol):
    """What a lane does around each image."""

    def start(self) -> None:
        """Begin to listen, if there is anything to listen to."""

    def stop(self) -> None:
        """Hold nothing back any more."""

    def yielding(self) -> bool:
        """Tell whether the other lane goes first at present."""

    def turn(self) -> AbstractContextManager[None]:
        """Return the context in which one image is worked on."""


class Precedence:
    """The interactive lane's: goes ahead, and `say`s so, twice a second at most."""

    def __init__(self, say: Callable[[], None]) -> None:
        self._say = say
        self._said_at = float("-inf")

    def start(self) -> None:
        """Listen to nobody."""

    def stop(self) -> None:
        """Nothing is held back."""

    def yielding(self) -> bool:
        """Return False: nobody goes first."""
        return False

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Say that an image is worked on. Nobody fails because it could not be said."""
        now = time.monotonic()
        if now - self._said_at > SAY_EVERY_S:
            self._said_at = now
            try:
                self._say()
            except StorageUnavailable as exc:
                log.debug("not said: %s", exc, extra={"action": "courtesy"})
        yield


class Courtesy:
    """The bulk lane's: one image at a time until QUIET_S after the last word that was `heard`."""

    def __init__(self, heard: Callable[[], AbstractContextManager[Iterator[str]]]) -> None:
        self._heard = heard
        self._until = 0.0
        self._working = 0
        self._stopping = False
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._listen, name="courtesy", daemon=True)

    def start(self) -> None:
        """Start to listen."""
        self._thread.start()

    def stop(self) -> None:
        """Hold nothing back any more, so that what is in hand comes to its end."""
        with self._changed:
            self._stopping = True
            self._changed.notify_all()

    def yielding(self) -> bool:
        """Tell whether somebody waits for a picture, or did a moment ago."""
        return not self._stopping and time.monotonic() < self._until

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Wait until an image may be worked on: at once, or while yielding until none other is."""
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
        with self._heard() as words:
            for word in words:
                if self._stopping:
                    return
                if word:
                    self._until = time.monotonic() + QUIET_S
