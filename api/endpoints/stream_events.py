"""`GET /v1/jobs/{id}/events`: every change of a job as server-sent events, until it has ended."""

from __future__ import annotations

import time
from collections.abc import Iterator

from flask import Response, request

from api.blueprint import JOBS, problems, v1
from api.documents import job_document
from api.parameters import JobPath
from api.poll import own_job
from api.services import Services, services
from contract.errors import StorageUnavailable
from contract.jobs import JobRecord

HEARTBEAT_S = 10.0  # a comment, so that proxies and we ourselves notice a dead connection
MAX_STREAM_S = 300.0  # then the client comes back by itself, and slots go round
RETRY_MS = 3000

_EVENT = {  # one event; `data` is a JobDocument as JSON
    "type": "object",
    "properties": {
        "id": {"type": "string"},
        "event": {"const": "job"},
        "data": {"type": "string", "contentMediaType": "application/json"},
    },
    "required": ["id", "event", "data"],
}


@v1.get(
    "/jobs/<string:job_id>/events",
    tags=[JOBS],
    operation_id="stream_events",
    summary="Follow a job",
    responses={
        200: {
            "description": "Events `job`: data is the job's document, id its version",
            "content": {"text/event-stream": {"schema": _EVENT}},
        },
        204: {"description": "The job has ended and `Last-Event-ID` was its last event"},
        **problems(401, 404),
    },
)
def stream_events(path: JobPath) -> Response:
    """Stream the job's document now and at every change; end when the job has ended.

    When too many streams are open already, one event is sent and `retry:` says when to come back.
    """
    parts = services()
    record = own_job(parts, path.job_id)
    seen = request.headers.get("Last-Event-ID", "")
    if record.state.terminal and seen == str(record.version):
        return Response(status=204)  # the one answer that stops a browser from reconnecting
    if record.state.terminal or not parts.waits.try_take():
        body: Iterator[bytes] = iter([_retry(), _event(parts, record)])
        return _response(body)
    response = _response(_follow(parts, record, seen))
    response.call_on_close(parts.waits.give_back)
    return response


def _response(body: Iterator[bytes]) -> Response:
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return Response(body, content_type="text/event-stream", headers=headers)


def _follow(parts: Services, record: JobRecord, seen: str) -> Iterator[bytes]:
    """Yield events and heartbeats; end with the job, the time, the process, or the ledger."""
    yield _retry()
    deadline = spoke_at = time.monotonic()
    deadline += MAX_STREAM_S
    with parts.changes.watch(record.id) as bell:
        while not parts.changes.stopping and time.monotonic() < deadline:
            try:
                current = parts.jobs.get(record.id)
                if current is None:  # deleted
                    return
                if str(current.version) != seen:
                    yield _event(parts, current)
                    seen, spoke_at = str(current.version), time.monotonic()
            except StorageUnavailable:
                return  # the client comes back and asks anew
            if current.state.terminal:
                return
            if time.monotonic() - spoke_at >= HEARTBEAT_S:
                yield b": still here\n\n"
                spoke_at = time.monotonic()
            bell.wait(HEARTBEAT_S)


def _retry() -> bytes:
    return f"retry: {RETRY_MS}\n\n".encode()


def _event(parts: Services, record: JobRecord) -> bytes:
    data = job_document(parts, record).model_dump_json()
    return f"id: {record.version}\nevent: job\ndata: {data}\n\n".encode()
