"""Server-sent events of one job or dataset, until it has ended."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from flask import Response, request
from pydantic import BaseModel

from api.callers.auth import caller
from api.services import Services
from api.waiting.wait import Subject, T
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


def follow(
    parts: Services,
    subject: Subject[T],
    seen: T,
    view: Callable[[T], View],
    pause_s: float = 0.0,
) -> Response:
    """Stream the view of what was `seen` and of what comes after, from where `Last-Event-ID` says.

    `pause_s`: the least time between two events; they have the name of the subject's noun. When too
    many streams are open already, one event is sent and `retry:` says when to come back.
    """
    mark, now = request.headers.get("Last-Event-ID", ""), view(seen)
    if now.ended and mark == now.mark:
        return Response(status=204)  # the only status that stops a browser from reconnecting
    holder = caller()
    if now.ended or not parts.waits.try_take(holder):
        return _response(iter([_retry(), _event(subject.noun, now)]))
    response = _response(_events(subject, view, mark, pause_s))
    response.call_on_close(lambda: parts.waits.give_back(holder))
    return response


def _response(body: Iterator[bytes]) -> Response:
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return Response(body, content_type="text/event-stream", headers=headers)


def _events(
    subject: Subject[T], view: Callable[[T], View], seen: str, pause_s: float
) -> Iterator[bytes]:
    """Yield events and heartbeats; end with the thing, the time, the process, or the ledger."""
    yield _retry()
    deadline = spoke_at = time.monotonic()
    deadline += MAX_STREAM_S
    with subject.changes.watch(subject.id) as watch:
        while not subject.changes.stopping and time.monotonic() < deadline:
            try:
                current = subject.look()
                if current is None:  # deleted
                    return
                now = view(current)
                if now.mark != seen:
                    yield _event(subject.noun, now)
                    seen, spoke_at = now.mark, time.monotonic()
            except StorageUnavailable:
                return  # the client reconnects
            if now.ended:
                return
            if time.monotonic() - spoke_at >= HEARTBEAT_S:
                yield b": still here\n\n"
                spoke_at = time.monotonic()
            watch.wait(HEARTBEAT_S)
            time.sleep(max(0.0, spoke_at + pause_s - time.monotonic()))


def _retry() -> bytes:
    return f"retry: {RETRY_MS}\n\n".encode()


def _event(name: str, view: View) -> bytes:
    data = view.document().model_dump_json()
    return f"id: {view.mark}\nevent: {name}\ndata: {data}\n\n".encode()
