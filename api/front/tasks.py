"""How one request is answered: by the application, or by the front itself."""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import Any

from waitress.task import ErrorTask, Task, WSGITask

from api.answers.request_ids import request_id
from api.front.refusals import Refusal
from contract.documents import Problem
from contract.errors import ERROR_CODES

log = logging.getLogger(__name__)

_CODES = {413: "image_too_large", 500: "internal"}  # of the library's own refusals


class _Ending(Task):  # type: ignore[misc]
    """Marks the connection's last answer as written."""

    channel: Any
    request: Any

    def finish(self) -> None:
        """End the answer."""
        super().finish()
        self.channel.ended_in_order = self.close_on_finish


class _Gathered:
    """Stands for a channel while an answer's head and first bytes are gathered."""

    def __init__(self, channel: Any) -> None:
        self.server = channel.server
        self.parts: list[bytes] = []

    def write_soon(self, data: bytes) -> None:
        """Keep `data`."""
        self.parts.append(data)


class AnswerTask(_Ending, WSGITask):  # type: ignore[misc]
    """Answers through the application; an answer without a body does not end the connection."""

    def get_environment(self) -> dict[str, Any]:
        """Return the WSGI environment, with the client's address as the upload's holder has it."""
        environ: dict[str, Any] = super().get_environment()
        environ["REMOTE_ADDR"] = self.request.client or environ["REMOTE_ADDR"]
        return environ

    def write(self, data: bytes) -> None:
        """Write a part of the answer; the head goes with the first one, in one packet."""
        if self.wrote_header or not data:
            super().write(data)
            return
        channel, gathered = self.channel, _Gathered(self.channel)
        self.channel = gathered
        try:
            super().write(data)
        finally:
            self.channel = channel
        channel.write_soon(b"".join(gathered.parts))

    def set_close_on_finish(self) -> None:
        """Close the connection after this answer, if asked to or if its end is ambiguous."""
        asked = self.request.headers.get("CONNECTION", "").lower() == "close"
        if asked or self.has_body or self.version != "1.1":
            super().set_close_on_finish()


class ProblemTask(_Ending, ErrorTask):  # type: ignore[misc]
    """Answers requests that the front refuses, as problem details like all other errors."""

    def execute(self) -> None:
        """Write the answer and close the connection: later bytes on it cannot be trusted."""
        error = self.request.error
        own = isinstance(error, Refusal)
        code = error.kind if own else _CODES.get(error.code, "invalid_request")
        name = request_id(self.request.headers.get("X_REQUEST_ID", ""))
        document = Problem(
            type=f"urn:depthq:error:{code}",
            title=HTTPStatus(error.code).phrase,
            status=error.code,
            detail=str(error.body)[:300],
            code=code,
            retryable=ERROR_CODES[code],
            instance=getattr(self.request, "path", "") or "/",
            request_id=name,
        )
        body = document.model_dump_json(exclude_defaults=True).encode()
        self.status = f"{error.code} {HTTPStatus(error.code).phrase}"
        self.response_headers += [
            ("Content-Type", "application/problem+json"),
            ("X-Content-Type-Options", "nosniff"),
            ("X-Request-Id", name),
        ]
        if own:
            self.response_headers += error.headers
            if error.retry_after_s is not None:
                self.response_headers.append(("Retry-After", str(error.retry_after_s)))
        about = {"action": "refuse", "status": error.code, "request_id": name}
        log.info("refused: %.300s", error.body, extra=about)
        self.set_close_on_finish()
        self.content_length = len(body)
        self.write(body)
