"""Server-sent events of one job or dataset, until it has ended."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from flask import Response, request
from pydantic import BaseModel

from api.callers.auth import caller
from api.services import Services
from contract.errors import StorageUnavailable

HEARTBEAT_S = 10.0  # sent as a comment: keeps proxies from closing, and reveals a dead connection
MAX_STREAM_S = 300.0  # then the client reconnects, which frees its slot for others
RETRY_MS = 3000


@dataclass(frozen=True)
class View:
    """The state to send: `mark` changes with it and is the event's id."""

    mark: str
    ended: bool
    document: Callable[[], BaseModel]


@dataclass(frozen=True)
class Subject:
    """What is followed. `look` reads it anew; None: it was deleted."""

    id: str
    event: str
    look: Callable[[], View | None]
    pause_s: float = 0.0  # least time between two events


def event_schema(event: str, document: str) -> dict[str, object]:
    """Return the OpenAPI schema of one event; its `data` is a `document` as JSON."""
    return {
        "type": "object",
        "description": f"`data` is a {document}",
        "properties": {
            "id": {"type": "string"},
            "event": {"const": event},
            "data": {"type": "string", "contentMediaType": "application/json"},
        },
        "required": ["id", "event", "data"],
    }


def follow(parts: Services, subject: Subject, view: View) -> Response:
    """Stream `view` now and what comes after it, from where `Last-Event-ID` says.

    When too many streams are open already, one event is sent and `retry:` says when to come back.
    """
    seen = request.headers.get("Last-Event-ID", "")
    if view.ended and seen == view.mark:
        return Response(status=204)  # the only status that stops a browser from reconnecting
    holder = caller()
    if view.ended or not parts.waits.try_take(holder):
        return _response(iter([_retry(), _event(subject, view)]))
    response = _response(_events(parts, subject, seen))
    response.call_on_close(lambda: parts.waits.give_back(holder))
    return response


def _response(body: Iterator[bytes]) -> Response:
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return Response(body, content_type="text/event-stream", headers=headers)


def _events(parts: Services, subject: Subject, seen: str) -> Iterator[bytes]:
    """Yield events and heartbeats; end with the thing, the time, the process, or the ledger."""
    yield _retry()
    deadline = spoke_at = time.monotonic()
    deadline += MAX_STREAM_S
    with parts.changes.watch(subject.id) as watch:
        while not parts.changes.stopping and time.monotonic() < deadline:
            try:
                view = subject.look()
                if view is None:  # deleted
                    return
                if view.mark != seen:
                    yield _event(subject, view)
                    seen, spoke_at = view.mark, time.monotonic()
            except StorageUnavailable:
                return  # the client reconnects
            if view.ended:
                return
            if time.monotonic() - spoke_at >= HEARTBEAT_S:
                yield b": still here\n\n"
                spoke_at = time.monotonic()
            watch.wait(HEARTBEAT_S)
            time.sleep(max(0.0, spoke_at + subject.pause_s - time.monotonic()))


def _retry() -> bytes:
    return f"retry: {RETRY_MS}\n\n".encode()


def _event(subject: Subject, view: View) -> bytes:
    data = view.document().model_dump_json()
    return f"id: {view.mark}\nevent: {subject.event}\ndata: {data}\n\n".encode()
