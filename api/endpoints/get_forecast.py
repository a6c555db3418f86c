"""`GET /v1/datasets/{id}/forecast`: what a dry run found."""

from __future__ import annotations

from flask import Response

from api.blueprint import DATASETS, document, problems, v1
from api.dataset_poll import is_own, missing
from api.forecasts import forecast_document, wait_for_forecast
from api.parameters import DatasetPath, WaitQuery
from api.services import services
from contract.dataset_documents import ForecastDocument
from contract.errors import NotFound
from contract.ids import is_id


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
    request = parts.files.request(path.dataset_id) if is_id(path.dataset_id) else None
    if request is None or not is_own(parts, request):
        raise missing(path.dataset_id)
    if not request.dry_run:
        raise NotFound("The dataset was no dry run; it has no forecast.")
    forecast = wait_for_forecast(parts, request.id, query.wait)
    headers = {"Cache-Control": "no-store"}
    return document(forecast_document(parts, request.id, forecast), headers=headers)
