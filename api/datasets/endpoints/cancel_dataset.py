"""`POST /v1/datasets/{id}/cancel`: stops a dataset and keeps what is done."""

from __future__ import annotations

from flask import Response

from api.answers.blueprint import DATASETS, document, problems, v1
from api.datasets.documents import dataset_document
from api.receiving.parameters import DatasetPath
from api.runs.commands import cancel_run
from api.runs.find import own_run
from api.services import services
from contract.dataset_documents import DatasetDocument
from contract.ids import DATASET


@v1.post(
    "/datasets/<string:dataset_id>/cancel",
    tags=[DATASETS],
    operation_id="cancel_dataset",
    summary="Stop a dataset",
    responses={200: DatasetDocument, **problems(401, 404, 409)},
)
def cancel_dataset(path: DatasetPath) -> Response:
    """Stop dispatch at once; `counts` says how much is done, `summary` follows in seconds.

    One that has ended stays as it is.
    """
    parts = services()
    record, _ = own_run(parts, DATASET, path.dataset_id)
    cancel_run(parts, record)
    return document(dataset_document(parts, own_run(parts, DATASET, record.id)))
