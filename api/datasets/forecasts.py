"""Dry runs: read from storage, where workers write them; Redis holds nothing of them."""

from __future__ import annotations

import time

from api.callers.auth import caller
from api.datasets.documents import dataset_path
from api.services import Services
from contract.dataset_documents import ForecastDocument
from contract.datasets import Forecast

POLL_S = 0.25


def forecast_path(parts: Services, dataset_id: str) -> str:
    """Return the URL path of the forecast."""
    return f"{dataset_path(parts, dataset_id)}/forecast"


def forecast_document(
    parts: Services, dataset_id: str, forecast: Forecast | None
) -> ForecastDocument:
    """Return what is known of a dry run."""
    return ForecastDocument(
        id=dataset_id,
        done=forecast is not None,
        forecast=forecast,
        link=forecast_path(parts, dataset_id),
    )


def wait_for_forecast(parts: Services, dataset_id: str, timeout_s: float) -> Forecast | None:
    """Return the forecast once it is there; None after `timeout_s`, or without a free slot."""
    forecast = parts.files.forecast(dataset_id)
    if forecast is not None or timeout_s <= 0:
        return forecast
    deadline = time.monotonic() + timeout_s
    with parts.waits.slot(caller()) as taken:
        while taken and forecast is None and time.monotonic() < deadline:
            if parts.changes.stopping:
                break
            time.sleep(POLL_S)
            forecast = parts.files.forecast(dataset_id)
    return forecast
