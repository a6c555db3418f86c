"""Says why a command waits: a service that is full or away is tried again for up to an hour."""

from __future__ import annotations

import logging
import time

from client import console

_SHORT_S = 1.0  # below that it is no wait that a person notices
_EVERY_S = 10.0
_RETRIES = logging.getLogger("client.wire.transport")


class Waits(logging.Handler):
    """Tells each reason when it comes up, and again now and then."""

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self._last, self._said_at = "", -_EVERY_S

    def emit(self, record: logging.LogRecord) -> None:
        """Say what the transport logs of a try that failed."""
        said, now = record.getMessage(), time.monotonic()
        if getattr(record, "wait_s", 0.0) < _SHORT_S:
            return
        if said != self._last or now - self._said_at >= _EVERY_S:
            self._last, self._said_at = said, now
            console.say(f"{said} (Ctrl-C ends)")


def say_waits() -> None:
    """Let all retries of this process be told, once."""
    if not any(isinstance(handler, Waits) for handler in _RETRIES.handlers):
        _RETRIES.addHandler(Waits())
        _RETRIES.setLevel(logging.INFO)
