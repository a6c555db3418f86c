"""`GET /v1/datasets/{id}/events`: the progress of a dataset as server-sent events."""

from __future__ import annotations

from functools import partial

from flask import Response

from api.answers.blueprint import DATASETS, problems, v1
from api.datasets.documents import dataset_document
from api.datasets.poll import Found, find_dataset, own_dataset
from api.receiving.parameters import DatasetPath
from api.services import Services, services
from api.waiting.follow import Subject, View, event_schema, follow

MIN_PAUSE_S = 0.5  # shards end more often than anybody reads


@v1.get(
    "/datasets/<string:dataset_id>/events",
    tags=[DATASETS],
    operation_id="stream_dataset_events",
    summary="Follow a dataset",
    responses={
        200: {
            "description": "Events `dataset`: data is the document, id its version",
            "content": {
                "text/event-stream": {"schema": event_schema("dataset", "DatasetDocument")}
            },
        },
        204: {"description": "The dataset has ended and `Last-Event-ID` was its last event"},
        **problems(401, 404, 409),
    },
)
def stream_dataset_events(path: DatasetPath) -> Response:
    """Stream the document now and as it changes, at most twice a second; end with the dataset."""
    parts = services()
    found = own_dataset(parts, path.dataset_id)
    dataset_id = found[0].id

    def look() -> View | None:
        current = find_dataset(parts, dataset_id)
        return _view(parts, current) if current else None

    return follow(parts, Subject(dataset_id, "dataset", look, MIN_PAUSE_S), _view(parts, found))


def _view(parts: Services, found: Found) -> View:
    record = found[0]
    mark = f"{record.version}-{record.in_flight}"
    return View(mark, record.state.terminal, partial(dataset_document, parts, found))
