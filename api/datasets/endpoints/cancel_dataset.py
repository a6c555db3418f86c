"""`POST /v1/datasets/{id}/cancel`: stops a dataset and keeps what is done."""

from __future__ import annotations

from flask import Response

from api.answers.blueprint import DATASETS, document, problems, v1
from api.datasets.accept import send_step
from api.datasets.documents import dataset_document
from api.datasets.poll import own_dataset
from api.receiving.parameters import DatasetPath
from api.services import services
from contract.dataset_documents import DatasetDocument
from contract.names.queues import STEP_FINALIZE, TASK_FINALIZE_DATASET


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
    record, _ = own_dataset(parts, path.dataset_id)
    if not record.state.terminal:
        parts.files.write_canceled(record.id)  # before the ledger: a rebuilt one is canceled too
        stopped = parts.datasets.cancel(record.id)
        if stopped is not None and stopped[1]:
            send_step(parts, TASK_FINALIZE_DATASET, record.request, STEP_FINALIZE)
    return document(dataset_document(parts, own_dataset(parts, record.id)))
