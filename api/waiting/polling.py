"""Polls for changes of what is in storage only: they are not announced in the change feed."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from api.waiting.changes import ChangeHub


@dataclass(frozen=True)
class Polling:
    """See api.waiting.wait.Changes."""

    hub: ChangeHub  # knows whether the process is shutting down
    every_s: float
    subscribed: bool = False

    @property
    def stopping(self) -> bool:
        """Whether the process is shutting down."""
        return self.hub.stopping

    @contextmanager
    def watch(self, subject_id: str) -> Iterator[Polling]:  # noqa: ARG002
        """Yield what waits for the next look."""
        yield self

    def wait(self, timeout_s: float) -> None:
        """Sleep until the next look, or `timeout_s`."""
        time.sleep(min(timeout_s, self.every_s))
