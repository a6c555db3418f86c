"""Receives requests; refuses what has no length or too much of it, in problem details."""

from __future__ import annotations

from typing import Any

from waitress.parser import HTTPRequestParser
from waitress.receiver import ChunkedReceiver
from waitress.utilities import Error

HEADER_BYTES = 32 * 1024


class LengthMissing(Error):  # type: ignore[misc]  # noqa: N818
    """411: the front knows a body's size before it takes it."""

    code = 411
    reason = "Length Required"


class ContentTooLarge(Error):  # type: ignore[misc]  # noqa: N818
    """413: larger than any accepted upload."""

    code = 413
    reason = "Content Too Large"


class _Nowhere:
    """A buffer that keeps nothing."""

    def append(self, data: bytes) -> None:
        """Forget `data`."""

    def __len__(self) -> int:
        return 0

    def close(self) -> None:
        """Do nothing."""


class Discarding:
    """Reads a refused body to its end, so that the client can read why instead of a reset."""

    def __init__(self, length: int, error: Error) -> None:
        self._left, self._then = length, error
        self.completed = False
        self.error: Error | None = None

    def received(self, data: bytes) -> int:
        """Swallow what belongs to the body; return how much."""
        taken = min(len(data), self._left)
        self._left -= taken
        if self._left == 0:
            self.completed, self.error = True, self._then
        return taken

    def getbuf(self) -> _Nowhere:
        """Return the empty buffer, for the parser to close."""
        return _Nowhere()

    def __len__(self) -> int:
        return 0


class Parser(HTTPRequestParser):  # type: ignore[misc]
    """waitress's parser with our limits; `max_body_bytes` is set by the front."""

    max_body_bytes = 0
    content_length: int
    error: Error | None

    def parse_header(self, header_plus: bytes) -> None:
        """Parse the head; send the bodies of doomed requests nowhere."""
        super().parse_header(header_plus)
        if self.content_length > self.max_body_bytes:
            self._doom(self.content_length)
        elif self.chunked:
            self.body_rcv = ChunkedReceiver(_Nowhere())

    def received(self, data: bytes) -> int:
        """Take bytes of the request; return how many."""
        count: int = super().received(data)
        if self.completed and self.chunked and self.error is None:
            self.error = LengthMissing("Send the body with a Content-Length header.")
        return count

    def _doom(self, length: int) -> None:
        text = f"The body has {length} bytes; at most {self.max_body_bytes} are accepted."
        error = ContentTooLarge(text)
        if getattr(self, "expect_continue", False):  # it waits for our word: here it is
            self.expect_continue: Any = False
            self.body_rcv, self.content_length = None, 0
            self.error = error
        else:
            self.body_rcv = Discarding(length, error)
