"""A job's server-sent events, resumed with Last-Event-ID when the connection is lost."""

from __future__ import annotations

import json
from collections.abc import Iterator

import httpx2

from client.errors import UnexpectedAnswer
from client.job import Job
from client.retries import RetryPolicy
from client.transport import Transport, error_of


def job_events(transport: Transport, url: str, retries: RetryPolicy | None = None) -> Iterator[Job]:
    """Yield the job at every event until it has ended.

    A server ends long streams on purpose, so the end of one is no failure; only tries without
    any event count against the patience.
    """
    last_id = ""
    pauses = (retries or RetryPolicy()).pauses()
    while True:
        problem: Exception = UnexpectedAnswer("the event stream ended before the job did")
        try:
            for event in _stream(transport, url, last_id):
                last_id = event.id or last_id
                pauses = (retries or RetryPolicy()).pauses()
                job = _job(event)
                if job is None:
                    continue
                yield job
                if job.terminal:
                    return
        except httpx2.TransportError as exc:
            problem = transport.unreachable(exc)
        if not pauses.pause(None):
            raise problem


def _stream(transport: Transport, url: str, last_id: str) -> Iterator[httpx2.ServerSentEvent]:
    headers = {"Last-Event-ID": last_id} if last_id else {}
    timeout = transport.timeout(30)  # heartbeats come far more often
    with transport.http.sse(url, headers=headers, timeout=timeout) as source:
        if source.response.status_code >= 400:
            source.response.read()
            raise error_of(source.response)
        yield from source


def _job(event: httpx2.ServerSentEvent) -> Job | None:
    try:
        document = json.loads(event.data)
    except ValueError:
        return None  # a heartbeat or a kind of event newer than this client
    if not isinstance(document, dict) or "state" not in document:
        return None
    return Job.from_document(document)
