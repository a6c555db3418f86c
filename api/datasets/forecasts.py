"""Dry runs: read from storage, where workers write them; Redis holds nothing of them."""

from __future__ import annotations

from api.runs.documents import run_path
from api.services import Services
from api.waiting.polling import Polling
from api.waiting.wait import Subject, wait
from contract.dataset_documents import ForecastDocument
from contract.runs import Forecast

POLL_S = 0.25


def forecast_path(parts: Services, dataset_id: str) -> str:
    """Return the URL path of the forecast."""
    return f"{run_path(parts, dataset_id)}/forecast"


def _document(parts: Services, dataset_id: str, forecast: Forecast | None) -> ForecastDocument:
    return ForecastDocument(
        id=dataset_id,
        done=forecast is not None,
        forecast=forecast,
        link=forecast_path(parts, dataset_id),
    )


def wait_for_forecast(parts: Services, dataset_id: str, timeout_s: float) -> ForecastDocument:
    """Return what is known once the dry run is done, or when time or the budget is used up."""

    def look() -> ForecastDocument:
        return _document(parts, dataset_id, parts.files.forecast(dataset_id))

    subject = Subject(dataset_id, "dry run", look, Polling(parts.changes, POLL_S))
    return wait(parts, subject, look(), lambda document: document.done, timeout_s)
