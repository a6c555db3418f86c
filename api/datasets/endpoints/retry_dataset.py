"""`POST /v1/datasets/{id}/retry`: runs failed items again, and only those."""

from __future__ import annotations

from flask import Response, request

from api.answers.blueprint import DATASETS, document, problems, v1
from api.datasets.body import receive_codes
from api.datasets.documents import dataset_document
from api.datasets.openapi import RETRY_DATASET
from api.receiving.parameters import DatasetPath
from api.runs.commands import retry_run
from api.runs.documents import run_path
from api.runs.find import own_run
from api.services import services
from contract.dataset_documents import DatasetDocument
from contract.ids import DATASET


@v1.post(
    "/datasets/<string:dataset_id>/retry",
    tags=[DATASETS],
    operation_id="retry_dataset",
    summary="Run the failed items again",
    responses={202: DatasetDocument, **problems(400, 401, 404, 409, 411, 413, 415)},
    openapi_extensions=RETRY_DATASET,
)
def retry_dataset(path: DatasetPath) -> Response:
    """Run again what failed, or only what failed with one of `codes`; the results are merged."""
    parts = services()
    record, _ = own_run(parts, DATASET, path.dataset_id)
    retry_run(parts, record, receive_codes(request))
    headers = {"Location": run_path(parts, record.id)}
    return document(dataset_document(parts, own_run(parts, DATASET, record.id)), 202, headers)
