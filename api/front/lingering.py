"""The end of a connection: what the client still sends is read away, so that it can read us.

A socket that is closed with bytes unread is reset, and a reset destroys the answer on its way.
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
AT_ONCE_BYTES = MIB  # of one connection before the loop looks after the others


class LingeringChannel(HTTPChannel):  # type: ignore[misc]
    """A connection that, once all is answered, ends our half and waits for the other."""

    adj: Any
    connected: bool
    ended_in_order = False  # the last answer is written, and the connection ends with it
    lingers_until: float | None = None
    _left_bytes = LINGER_BYTES

    def handle_read(self) -> None:
        """Read a request, or away what comes after the last."""
        if self.lingers_until is None:
            super().handle_read()
        elif self._swallow(AT_ONCE_BYTES):
            self.handle_close()

    def handle_close(self) -> None:
        """Close, after a while if the client may still be talking. The loop may call it twice."""
        if self.lingers_until is not None and self.connected:
            self._swallow(self._left_bytes)  # what came with the client's own end
        elif self.ended_in_order and self.connected and not self.total_outbufs_len:
            with contextlib.suppress(OSError):  # the client was faster
                self._linger()
                return
        super().handle_close()

    def _linger(self) -> None:
        self.lingers_until = time.time() + LINGER_S
        self.will_close = self.close_when_flushed = False
        self.socket.shutdown(socket.SHUT_WR)

    def _swallow(self, most_bytes: int) -> bool:
        """Read up to so much of what is there; tell whether that was the last of it."""
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
