"""`POST /v1/datasets/{id}/retry`: runs failed items again, and only those."""

from __future__ import annotations

import time

from flask import Response, request

from api.answers.blueprint import DATASETS, document, problems, v1
from api.datasets.accept import send_step
from api.datasets.body import receive_codes
from api.datasets.documents import dataset_document, dataset_path
from api.datasets.openapi import RETRY_DATASET
from api.datasets.poll import own_dataset
from api.receiving.parameters import DatasetPath
from api.services import services
from contract.dataset_documents import DatasetDocument
from contract.datasets import DatasetRecord, RetryRequest
from contract.errors import Conflict
from contract.names.queues import STEP_PLAN, TASK_PLAN_DATASET
from contract.states import DatasetState


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
    record, _ = own_dataset(parts, path.dataset_id)
    codes = receive_codes(request)
    _check(record, codes)
    wanted = RetryRequest(round=record.round + 1, requested_at=time.time(), codes=codes)
    parts.files.write_retry(record.id, wanted)  # from here it is accepted
    started = parts.datasets.retry(record.id, wanted.round, codes)
    if started is None or not started[1]:
        raise Conflict("The dataset is being run again already.")
    send_step(parts, TASK_PLAN_DATASET, record.request, STEP_PLAN)
    headers = {"Location": dataset_path(parts, record.id)}
    return document(dataset_document(parts, own_dataset(parts, record.id)), 202, headers)


def _check(record: DatasetRecord, codes: tuple[str, ...]) -> None:
    if record.state is not DatasetState.COMPLETED:
        raise Conflict(f"The dataset is {record.state.value}; only a completed one can be retried.")
    failed = record.counts.by_code
    if not sum(failed.values()):
        raise Conflict("Nothing failed.")
    if codes and not any(failed.get(code) for code in codes):
        there = ", ".join(f"{code} ({count})" for code, count in failed.items())
        raise Conflict(f"Nothing failed with {', '.join(codes)}; there are {there}."[:1000])
