"""Receives requests; refuses malformed, ambiguous and oversized ones with problem details."""

from __future__ import annotations

import contextlib
import logging
from typing import Any, ClassVar

from waitress.parser import HTTPRequestParser, ParsingError
from waitress.receiver import ChunkedReceiver
from waitress.utilities import Error

from api.answers.prefixes import without_prefix
from api.callers.auth import Keys
from api.front.budget import UploadBudget
from api.front.holders import Holders
from api.front.refusals import (
    ContentTooLarge,
    DiskFull,
    KeyMissing,
    LengthMissing,
    TooManyFailedLogins,
    TooManyUploads,
    VersionUnknown,
)
from api.receiving.uploads import DISK_FULL
from contract.errors import Overloaded, Unauthorized
from contract.settings import MIB

log = logging.getLogger(__name__)

HEADER_BYTES = 32 * 1024
# Bytes of a chunked body that are read before its 411, so that a client that sends first can read
# the answer. No more, because the library collects endless chunk headers in quadratic time.
CHUNKED_BYTES = MIB


class _NullBuffer:
    """A buffer that discards its content."""

    def append(self, data: bytes) -> None:
        """Discard `data`."""

    def __len__(self) -> int:
        return 0

    def close(self) -> None:
        """Do nothing."""


class Discarding:
    """Reads and discards a refused body, so that the client gets the answer instead of a reset."""

    def __init__(self, length: int, error: Error) -> None:
        self._left, self._then = length, error
        self.completed = False
        self.error: Error | None = None

    def received(self, data: bytes) -> int:
        """Discard what belongs to the body; return how many bytes."""
        taken = min(len(data), self._left)
        self._left -= taken
        if self._left == 0:
            self.completed, self.error = True, self._then
        return taken

    def getbuf(self) -> _NullBuffer:
        """Return the empty buffer, for the parser to close."""
        return _NullBuffer()

    def __len__(self) -> int:
        return 0


class Parser(HTTPRequestParser):  # type: ignore[misc]
    """waitress's parser with this service's limits; the front sets the class's four attributes.

    `larger`: paths whose bodies have a limit and a budget of their own, so that a few large ones
    and many small ones do not lock each other out.
    """

    headers_finished: bool
    completed: bool
    path: str
    prefix = ""  # that a proxy may leave in the path
    max_body_bytes = 0
    budget = UploadBudget(0)
    larger: ClassVar[dict[str, UploadBudget]] = {}
    holders = Holders(Keys(()), None)
    held_bytes = 0  # reserved by this request
    content_length: int
    body_bytes_received: int
    error: Error | None

    def __init__(self, adjustments: Any, peer: str = "") -> None:
        """`peer`: the address of the connection."""
        super().__init__(adjustments)
        self._peer = peer
        self._holder = ""

    @property
    def client(self) -> str:
        """The client's address, as far as it is known."""
        return self.holders.address(self.headers, self._peer)

    def parse_header(self, header_plus: bytes) -> None:
        """Parse the head; discard the bodies of refused requests."""
        try:
            super().parse_header(header_plus)
        except ValueError as exc:  # numbers of thousands of digits, half an IPv6 address
            raise ParsingError("The request line or the Content-Length is malformed.") from exc
        self._check_framing()
        self.path = without_prefix(self.path, self.prefix)
        if own := self.larger.get(self.path):
            self.budget, self.max_body_bytes = own, own.share_bytes
        if self.content_length > 0:
            self._name_holder()
        if self._is_refused:
            return
        if self.content_length > self.max_body_bytes:
            text = f"The body has {self.content_length} bytes; at most {self.max_body_bytes} are"
            self._refuse(ContentTooLarge(f"{text} accepted."))
        elif self.chunked:
            self.body_rcv = ChunkedReceiver(_NullBuffer())

    def received(self, data: bytes) -> int:
        """Receive bytes of the request; return how many."""
        before = self.body_bytes_received
        try:
            count: int = super().received(data)
        except OSError as exc:  # the upload's temporary file
            log.error("no disk space for an upload: %s", exc, extra={"action": "disk_full"})
            self._refuse(DiskFull(DISK_FULL))
            count = super().received(data)
        if self.chunked and self.error is None:
            self._refuse_chunked()
        elif not self._is_refused:
            self._account(self.body_bytes_received - before)
        return count

    def close(self) -> None:
        """Drop the body and give its budget back. Safe to call twice."""
        super().close()
        self._give_back()

    def _check_framing(self) -> None:
        """Refuse what another server could parse as different requests (RFC 9112, 3.2 and 6.1)."""
        headers = self.headers
        if self.version not in ("1.0", "1.1"):
            self.error, self.body_rcv, self.content_length = (
                VersionUnknown("Speak HTTP/1.1."),
                None,
                0,
            )
            return
        if self.chunked and "CONTENT_LENGTH" in headers:
            raise ParsingError("A body has a Content-Length or a Transfer-Encoding, not both.")
        # HTTP/1.0 leaves it in place because it does not know it.
        if "TRANSFER_ENCODING" in headers:
            raise ParsingError("HTTP/1.0 has no Transfer-Encoding.")
        if self.version == "1.1" and ("," in headers.get("HOST", ",")):
            raise ParsingError("A request names its host, once.")

    def _name_holder(self) -> None:
        """Identify the body's holder; refuse the request before its body if a key is required."""
        try:
            self._holder = self.holders.name(self.headers, self._peer)
        except Unauthorized as exc:
            self._refuse(KeyMissing(exc.message))
        except Overloaded as exc:
            self._refuse(TooManyFailedLogins(exc.message, exc.retry_after_s))

    @property
    def _is_refused(self) -> bool:
        return self.error is not None or isinstance(self.body_rcv, Discarding)

    def _refuse_chunked(self) -> None:
        if self.completed or self.body_bytes_received > CHUNKED_BYTES:
            self.error = LengthMissing("Send the body with a Content-Length header.")
            self.completed = True

    def _account(self, count: int) -> None:
        if count and not self.budget.try_take(count, self._holder):
            self._refuse(TooManyUploads("Too many uploads are under way; come back later."))
        else:
            self.held_bytes += count

    def _give_back(self) -> None:
        held, self.held_bytes = self.held_bytes, 0
        self.budget.give_back(held, self._holder)

    def _refuse(self, error: Error) -> None:
        """Refuse with `error`: at once if the client expects 100-continue, else after its body."""
        left = self.content_length - self.body_bytes_received
        with contextlib.suppress(OSError):  # what the full disk did not take is still buffered
            self.body_rcv.getbuf().close()
        self._give_back()
        if left <= 0:
            self.error = error
        elif not self.headers_finished and getattr(self, "expect_continue", False):
            self.expect_continue: Any = False
            self.body_rcv, self.content_length, self.error = None, 0, error
        else:
            self.completed, self.body_rcv = False, Discarding(left, error)
