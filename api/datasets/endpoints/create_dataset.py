"""`POST /v1/datasets`: a bucket prefix, a manifest, or an archive in the body."""

from __future__ import annotations

from flask import Response, request

from api.answers.accepted import accepted
from api.answers.blueprint import DATASETS, problems, v1
from api.callers.auth import owner
from api.datasets.accept import accept_dataset
from api.datasets.body import ARCHIVE, receive_spec
from api.datasets.documents import dataset_document
from api.datasets.forecasts import forecast_path, wait_for_forecast
from api.datasets.openapi import ACCEPTED, CREATE_DATASET
from api.receiving.headers import idempotency_key, wait_preference
from api.receiving.parameters import DryRunQuery
from api.receiving.uploads import Upload
from api.runs.accept import Submission
from api.runs.documents import run_path
from api.runs.find import ended, own_run, wait_for_run
from api.services import Services, services
from contract.ids import DATASET
from contract.runs import RunRequest


@v1.post(
    "/datasets",
    tags=[DATASETS],
    operation_id="create_dataset",
    summary="Submit a dataset",
    responses={
        **ACCEPTED,
        **problems(400, 401, 409, 411, 413, 415, 429),
    },
    openapi_extensions=CREATE_DATASET,
)
def create_dataset(query: DryRunQuery) -> Response:
    """Keep the request and have it planned; or, with `dry_run`, only say what it would take.

    Answers 202 with the dataset's document (of a dry run: the ForecastDocument) and its URL in
    `Location`; 200 if `Prefer: wait=N` was asked and it ended in time.
    """
    parts = services()
    wait_s, key = wait_preference(request), idempotency_key(request)
    with Upload(parts.settings.max_archive_bytes, ARCHIVE) as upload:
        spec, archive = receive_spec(request, upload)
        submission = Submission(DATASET, spec, archive, owner(), key, query.dry_run)
        kept = accept_dataset(parts, submission)
    answer = _forecast if kept.dry_run else _dataset
    return answer(parts, kept, wait_s)


def _dataset(parts: Services, kept: RunRequest, wait_s: int) -> Response:
    found = own_run(parts, DATASET, kept.id)
    found = wait_for_run(parts, found, ended, wait_s)
    place, over = run_path(parts, kept.id), wait_s > 0 and ended(found)
    return accepted(dataset_document(parts, found), place, wait_s, ended=over)


def _forecast(parts: Services, kept: RunRequest, wait_s: int) -> Response:
    answer = wait_for_forecast(parts, kept.id, wait_s)
    return accepted(answer, forecast_path(parts, kept.id), wait_s, ended=answer.done)
