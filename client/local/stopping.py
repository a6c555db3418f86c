"""Two requests to stop: the first asks for a clean end, the second for an immediate one."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class Stopping:
    """Counts SIGINT and SIGTERM."""

    def __init__(self) -> None:
        self._count = 0

    def hear(self, _number: int, _frame: FrameType | None) -> None:
        """Count one more request."""
        self._count += 1

    def asked(self) -> bool:
        """Whether to stop."""
        return self._count > 0

    def hurry(self) -> bool:
        """Whether to stop at once."""
        return self._count > 1


@contextmanager
def listening() -> Iterator[Stopping]:
    """Handle the signals within the block instead of being interrupted by them."""
    stopping = Stopping()
    # under nohup SIGHUP stays ignored
    ignored = signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    numbers = (signal.SIGINT, signal.SIGTERM, *(() if ignored else (signal.SIGHUP,)))
    before = {number: signal.signal(number, stopping.hear) for number in numbers}
    try:
        yield stopping
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
