"""Lingering close: reads and discards what the client still sends, so that it gets the answer.

A socket that is closed with unread bytes is reset, and a reset can destroy the answer in flight.
"""

from __future__ import annotations

import contextlib
import logging
import socket
import time
from typing import Any

from waitress.channel import HTTPChannel

from contract.settings import MIB

log = logging.getLogger(__name__)

LINGER_S = 20.0
LINGER_BYTES = 64 * MIB
AT_ONCE_BYTES = MIB  # of one connection per pass of the loop


class LingeringChannel(HTTPChannel):  # type: ignore[misc]
    """A connection that, after the last answer, shuts down its sending side and waits."""

    adj: Any
    connected: bool
    ended_in_order = False  # the last answer is written, and the connection ends with it
    lingers_until: float | None = None  # monotonic, s
    _left_bytes = LINGER_BYTES

    def handle_read(self) -> None:
        """Read a request; after the last answer, read and discard."""
        if self.lingers_until is None:
            super().handle_read()
        elif self._discard(AT_ONCE_BYTES):
            self.handle_close()

    def handle_close(self) -> None:
        """Close, after a delay if the client may still be sending. The loop may call it twice."""
        if self.lingers_until is not None and self.connected:
            self._discard(self._left_bytes)  # bytes that arrived with the client's own end
        elif self.ended_in_order and self.connected and not self.total_outbufs_len:
            with contextlib.suppress(OSError):  # the client has closed already
                self._linger()
                return
        super().handle_close()

    def _linger(self) -> None:
        self.lingers_until = time.monotonic() + LINGER_S
        self.will_close = self.close_when_flushed = False
        self.socket.shutdown(socket.SHUT_WR)

    def _discard(self, most_bytes: int) -> bool:
        """Discard what has arrived, up to a limit; tell whether the client's end was reached."""
        while most_bytes > 0 and self._left_bytes > 0:
            try:
                count = len(self.socket.recv(self.adj.recv_bytes))
            except BlockingIOError:
                return False
            except OSError:
                return True
            if not count:
                return True
            most_bytes -= count
            self._left_bytes -= count
        return self._left_bytes <= 0
