"""One connection: when its present request began, and when its next may be answered."""

from __future__ import annotations

import time
from typing import Any

from api.front.lingering import LingeringChannel
from api.front.parser import Parser
from api.front.tasks import AnswerTask, ProblemTask


class Channel(LingeringChannel):
    """A connection that measures how long it has been sending one request.

    A pipelined request is answered once the client has read the answer before it. Until then it
    costs no thread and opens no file.
    """

    task_class = AnswerTask
    error_task_class = ProblemTask
    request: Parser | None
    addr: Any
    request_began_at: float | None = None  # monotonic, s, as all times here
    progress: tuple[float, int] = (0.0, 0)  # start and amount of the present measurement
    parked = False  # a pipelined request waits until the client has read
    _writing = False
    _active_at = 0.0

    @property
    def last_activity(self) -> float:
        """When bytes last came or went, by the monotonic clock."""
        return self._active_at

    @last_activity.setter
    def last_activity(self, _wall: float) -> None:
        # The library notes it by the wall clock. One that is set forward would make every
        # connection look idle, and cut the uploads under way.
        self._active_at = time.monotonic()

    def parser_class(self, adjustments: Any) -> Parser:
        """Return a parser that knows the client's address."""
        peer = self.addr[0] if isinstance(self.addr, tuple) else ""
        return Parser(adjustments, peer)

    def received(self, data: bytes) -> bool:
        """Receive bytes; start the request's clock with its first, stop it with its last."""
        taken: bool = super().received(data)
        if self.request is None:
            self.request_began_at = None
        elif self.request_began_at is None:
            self.request_began_at = time.monotonic()
            self.progress = (self.request_began_at, 0)
        return taken

    def handle_close(self) -> None:
        """Close the connection, drop a half-received request, and give its budget back."""
        half, self.request = self.request, None
        if half is not None:
            half.close()
        super().handle_close()

    @property
    def has_unread(self) -> bool:
        """Whether more bytes are unread than the loop sends in one pass."""
        return bool(self.total_outbufs_len >= self.adj.send_bytes)

    def writable(self) -> bool:
        """Tell the loop that there is something to do when the socket takes bytes."""
        return bool(super().writable()) or self.parked

    def handle_write(self) -> None:
        """Send; start the next request when its turn has come."""
        super().handle_write()
        if self.parked and not self.has_unread:
            self.parked = False
            self.server.add_task(self)

    def write_soon(self, data: Any) -> int:
        """Queue bytes of the present answer; block while the client has too much unread."""
        self._writing = True
        try:
            return int(super().write_soon(data))
        finally:
            self._writing = False

    def _flush_outbufs_below_high_watermark(self) -> None:
        """Wait for the reader within an answer; between two answers no thread waits."""
        if self._writing:
            super()._flush_outbufs_below_high_watermark()

    def stalled(self, now: float, most_s: float) -> bool:
        """Tell whether the client has read nothing of its pending bytes for that long."""
        return bool(self.total_outbufs_len) and now - self.last_activity > most_s

    def overdue(self, now: float, header_s: float, body_s: float, bytes_per_s: int) -> bool:
        """Tell whether the present request has taken too long to arrive.

        Its head may take `header_s`; its body `body_s`, and from then on the time that its bytes
        need at `bytes_per_s`, checked repeatedly. A client that sends much and then almost nothing
        loses its connection.
        """
        if self.lingers_until is not None:
            return now > self.lingers_until
        request, began_at = self.request, self.request_began_at
        if request is None or began_at is None:
            return False
        if not getattr(request, "headers_finished", False):
            return now - began_at > header_s
        since, before = self.progress
        came = request.body_bytes_received - before
        if came >= body_s * bytes_per_s:
            self.progress = (now, request.body_bytes_received)
            return False
        return now - since > body_s + came / bytes_per_s
