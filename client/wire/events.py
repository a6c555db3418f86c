"""Server-sent events of jobs and datasets, resumed with Last-Event-ID after a lost connection."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any, Protocol, TypeVar

import httpx2

from client.errors import UnexpectedAnswer
from client.job import Job
from client.wire.retries import RetryPolicy
from client.wire.transport import Transport, error_of

SILENCE_S = 30.0  # heartbeats come far more often


class Ends(Protocol):
    @property
    def terminal(self) -> bool: ...


Snapshot = TypeVar("Snapshot", bound=Ends)


def job_events(transport: Transport, url: str, retries: RetryPolicy | None = None) -> Iterator[Job]:
    """Yield the job at every event until it has ended."""
    return follow(transport, url, Job.from_document, retries)


def follow(
    transport: Transport,
    url: str,
    parse: Callable[[Any], Snapshot],
    retries: RetryPolicy | None = None,
) -> Iterator[Snapshot]:
    """Yield what `parse` makes of every event until it has ended.

    A server ends long streams on purpose, so the end of one is no failure; only tries without
    any event count against the patience.
    """
    last_id = ""
    pauses = (retries or RetryPolicy()).pauses()
    while True:
        problem: Exception = UnexpectedAnswer("the event stream ended before its end")
        try:
            for event in _stream(transport, url, last_id):
                last_id = event.id or last_id
                pauses = (retries or RetryPolicy()).pauses()
                document = document_of(event)
                if document is None:
                    continue
                snapshot = parse(document)
                yield snapshot
                if snapshot.terminal:
                    return
        except httpx2.TransportError as exc:
            problem = transport.unreachable(exc)
        if not pauses.pause(None):
            raise problem


def _stream(transport: Transport, url: str, last_id: str) -> Iterator[httpx2.ServerSentEvent]:
    headers = {"Last-Event-ID": last_id} if last_id else {}
    timeout = transport.timeout(SILENCE_S)
    with transport.http.sse(url, headers=headers, timeout=timeout) as source:
        if source.response.status_code >= 400:
            source.response.read()
            raise error_of(source.response)
        yield from source


def document_of(event: httpx2.ServerSentEvent) -> Any:
    """Return the document that an event carries; None if it carries none."""
    try:
        document = json.loads(event.data)
    except ValueError:
        return None  # a heartbeat or a kind of event newer than this client
    if not isinstance(document, dict) or "state" not in document:
        return None
    return document
