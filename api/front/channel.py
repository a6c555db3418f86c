"""One connection: when its present request began, and how its protocol errors are worded."""

from __future__ import annotations

import logging
import time
from http import HTTPStatus
from typing import Any

from waitress.channel import HTTPChannel
from waitress.task import ErrorTask

from api.front.parser import Parser
from api.front.refusals import Refusal
from contract.documents import Problem
from contract.errors import ERROR_CODES

log = logging.getLogger(__name__)

_CODES = {413: "image_too_large", 500: "internal"}  # of the library's own refusals


class ProblemTask(ErrorTask):  # type: ignore[misc]
    """Answers what never reached the application, as problem details like everything else."""

    def execute(self) -> None:
        """Write the answer and close the connection: what follows on it cannot be trusted."""
        error = self.request.error
        own = isinstance(error, Refusal)
        code = error.kind if own else _CODES.get(error.code, "invalid_request")
        document = Problem(
            type=f"urn:depthq:error:{code}",
            title=HTTPStatus(error.code).phrase,
            status=error.code,
            detail=str(error.body)[:300],
            code=code,
            retryable=ERROR_CODES[code],
            instance=getattr(self.request, "path", "") or "/",
            request_id="",
        )
        body = document.model_dump_json(exclude_defaults=True).encode()
        self.status = f"{error.code} {HTTPStatus(error.code).phrase}"
        self.response_headers += [
            ("Content-Type", "application/problem+json"),
            ("X-Content-Type-Options", "nosniff"),
        ]
        if own:
            self.response_headers += error.headers
            if error.retry_after_s is not None:
                self.response_headers.append(("Retry-After", str(error.retry_after_s)))
        log.info("refused: %.300s", error.body, extra={"action": "refuse", "status": error.code})
        self.set_close_on_finish()
        self.content_length = len(body)
        self.write(body)


class Channel(HTTPChannel):  # type: ignore[misc]
    """A connection that remembers since when it has been sending one request."""

    error_task_class = ProblemTask
    request: Parser | None
    addr: Any
    request_began_at: float | None = None
    progress: tuple[float, int] = (0.0, 0)  # since when, and with how much, it is watched

    def parser_class(self, adjustments: Any) -> Parser:
        """Return a parser that knows whom it listens to."""
        peer = self.addr[0] if isinstance(self.addr, tuple) else ""
        return Parser(adjustments, peer)

    def received(self, data: bytes) -> bool:
        """Take bytes; start the request's clock with its first, stop it with its last."""
        taken: bool = super().received(data)
        if self.request is None:
            self.request_began_at = None
        elif self.request_began_at is None:
            self.request_began_at = time.time()
            self.progress = (self.request_began_at, 0)
        return taken

    def handle_close(self) -> None:
        """Close the connection; what was half received goes too, and its room is given back."""
        half, self.request = self.request, None
        if half is not None:
            half.close()
        super().handle_close()

    def overdue(self, now: float, header_s: float, body_s: float, bytes_per_s: int) -> bool:
        """Tell whether the present request has been coming in for too long.

        Its head may take `header_s`; its body `body_s` and then what it needs at `bytes_per_s`,
        again and again: who sent much and then almost nothing does not keep its room by that.
        """
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
