"""`GET /v1/datasets/{id}`: where a dataset stands, now or when it has ended."""

from __future__ import annotations

from flask import Response

from api.answers.blueprint import DATASETS, problems, v1
from api.datasets.documents import dataset_document
from api.receiving.parameters import DatasetPath, WaitQuery
from api.runs.find import own_run
from api.runs.poll import poll_run
from api.services import services
from contract.dataset_documents import DatasetDocument
from contract.ids import DATASET


@v1.get(
    "/datasets/<string:dataset_id>",
    tags=[DATASETS],
    operation_id="get_dataset",
    summary="See where a dataset stands",
    responses={
        200: DatasetDocument, 304: {"description": "Not changed"}, **problems(400, 401, 404, 409),
    },
)  # fmt: skip
def get_dataset(path: DatasetPath, query: WaitQuery) -> Response:
    """Answer the document: counts, rate, estimates; with `wait`, hold it until the end.

    With `If-None-Match`, 304 if it is as it was; then `wait` holds until it has changed.
    """
    parts = services()
    return poll_run(parts, own_run(parts, DATASET, path.dataset_id), query.wait, dataset_document)
