"""`GET /v1/datasets/{id}/forecast`: what a dry run found."""

from __future__ import annotations

from flask import Response

from api.answers.blueprint import DATASETS, document, problems, v1
from api.datasets.forecasts import wait_for_forecast
from api.receiving.parameters import DatasetPath, WaitQuery
from api.runs.find import own_dry_run
from api.services import services
from contract.dataset_documents import ForecastDocument
from contract.errors import NotFound
from contract.ids import DATASET


@v1.get(
    "/datasets/<string:dataset_id>/forecast",
    tags=[DATASETS],
    operation_id="get_forecast",
    summary="See what a dry run found",
    responses={200: ForecastDocument, **problems(400, 401, 404)},
)
def get_forecast(path: DatasetPath, query: WaitQuery) -> Response:
    """Answer the forecast, or that it is not `done`; with `wait`, hold the answer until it is."""
    parts = services()
    request = own_dry_run(parts, DATASET, path.dataset_id)
    if request is None:
        raise NotFound(f"There is no dry run {path.dataset_id[:60]!r}, or not any more.")
    answer = wait_for_forecast(parts, request.id, query.wait)
    return document(answer, headers={"Cache-Control": "no-store"})
