"""`GET /v1/datasets/{id}/events`: the progress of a dataset as server-sent events."""

from __future__ import annotations

import time
from collections.abc import Iterator

from flask import Response, request

from api.blueprint import DATASETS, problems, v1
from api.dataset_documents import dataset_document
from api.dataset_poll import Found, find_dataset, own_dataset
from api.endpoints.stream_events import HEARTBEAT_S, MAX_STREAM_S, RETRY_MS
from api.parameters import DatasetPath
from api.services import Services, services
from contract.datasets import DatasetRecord
from contract.errors import StorageUnavailable

MIN_PAUSE_S = 0.5  # shards end more often than anybody reads
_EVENT = {  # one event; `data` is a DatasetDocument as JSON
    "type": "object",
    "properties": {
        "id": {"type": "string"},
        "event": {"const": "dataset"},
        "data": {"type": "string", "contentMediaType": "application/json"},
    },
    "required": ["id", "event", "data"],
}


@v1.get(
    "/datasets/<string:dataset_id>/events",
    tags=[DATASETS],
    operation_id="stream_dataset_events",
    summary="Follow a dataset",
    responses={
        200: {
            "description": "Events `dataset`: data is the document, id its version",
            "content": {"text/event-stream": {"schema": _EVENT}},
        },
        204: {"description": "The dataset has ended and `Last-Event-ID` was its last event"},
        **problems(401, 404, 409),
    },
)
def stream_dataset_events(path: DatasetPath) -> Response:
    """Stream the document now and as it changes, at most twice a second; end with the dataset."""
    parts = services()
    found = own_dataset(parts, path.dataset_id)
    seen = request.headers.get("Last-Event-ID", "")
    ended = found[0].state.terminal
    if ended and seen == _mark(found[0]):
        return Response(status=204)
    if ended or not parts.waits.try_take():
        return _response(iter([_retry(), _event(parts, found)]))
    response = _response(_follow(parts, found[0].id, seen))
    response.call_on_close(parts.waits.give_back)
    return response


def _response(body: Iterator[bytes]) -> Response:
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return Response(body, content_type="text/event-stream", headers=headers)


def _follow(parts: Services, dataset_id: str, seen: str) -> Iterator[bytes]:
    yield _retry()
    deadline = spoke_at = time.monotonic()
    deadline += MAX_STREAM_S
    with parts.changes.watch(dataset_id) as bell:
        while not parts.changes.stopping and time.monotonic() < deadline:
            try:
                found = find_dataset(parts, dataset_id)
                if found is None:  # deleted
                    return
                if _mark(found[0]) != seen:
                    yield _event(parts, found)
                    seen, spoke_at = _mark(found[0]), time.monotonic()
            except StorageUnavailable:
                return  # the client comes back and asks anew
            if found[0].state.terminal:
                return
            if time.monotonic() - spoke_at >= HEARTBEAT_S:
                yield b": still here\n\n"
                spoke_at = time.monotonic()
            bell.wait(HEARTBEAT_S)
            time.sleep(max(0.0, spoke_at + MIN_PAUSE_S - time.monotonic()))


def _mark(record: DatasetRecord) -> str:
    return f"{record.version}-{record.in_flight}"


def _retry() -> bytes:
    return f"retry: {RETRY_MS}\n\n".encode()


def _event(parts: Services, found: Found) -> bytes:
    data = dataset_document(parts, found).model_dump_json()
    return f"id: {_mark(found[0])}\nevent: dataset\ndata: {data}\n\n".encode()
