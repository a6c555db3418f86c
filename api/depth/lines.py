"""Lines that requests borrow: opening one costs a connection."""

from __future__ import annotations

import threading
from collections import deque

from storage.immediate.exchange import Exchange
from storage.immediate.line import Line


class Lines:
    """Idle lines, the last used first. Thread-safe."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self._idle: deque[Line] = deque()
        self._lock = threading.Lock()
        self._closed = False

    def borrow(self) -> Line:
        """Return a line on which nothing is due. Raises StorageUnavailable."""
        while True:
            with self._lock:
                line = self._idle.pop() if self._idle else None
            if line is None:
                return self._exchange.open_line()
            if line.usable:
                return line
            line.close()

    def give_back(self, line: Line) -> None:
        """Keep `line` for the next request. Only after the last message that is due on it."""
        with self._lock:
            if not self._closed:
                self._idle.append(line)
                return
        line.close()

    def close(self) -> None:
        """Close the idle lines now, the others when they come back."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, deque()
        for line in idle:
            line.close()
