"""`GET /v1/datasets/{id}/events`: the progress of a dataset as server-sent events."""

from __future__ import annotations

from functools import partial

from flask import Response

from api.answers.blueprint import DATASETS, problems, v1
from api.datasets.documents import dataset_document
from api.receiving.parameters import DatasetPath
from api.runs.events import follow_run
from api.runs.find import own_run
from api.services import services
from api.waiting.follow import event_schema
from contract.ids import DATASET


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
    found = own_run(parts, DATASET, path.dataset_id)
    return follow_run(parts, found, partial(dataset_document, parts))
