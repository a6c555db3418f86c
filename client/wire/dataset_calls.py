"""The calls about datasets, as DepthClient and AsyncDepthClient make them."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx2

from client.bulk.tar_stream import ArchiveForm
from client.dataset import Dataset
from client.wire.call import Call, json_of
from contract.errors import ImageTooLarge, InvalidRequest

KEEPING_S = 600.0  # what the service may take to keep an archive that has arrived
_ROOT = "/v1/datasets"
_PAGE = 500


def dataset_of(response: httpx2.Response) -> Dataset:
    """Return the dataset that an answer describes."""
    return Dataset.from_document(json_of(response))


def get_dataset(dataset_id: str, wait: float = 0) -> Call[Dataset]:
    """Ask for a dataset, as it stands when it ends within `wait` ≤ 60 s."""
    held_s = int(wait)
    params = {"wait": held_s} if held_s else None
    return Call("GET", _path(dataset_id), dataset_of, params, held_s)


def list_datasets(limit: int) -> Call[list[Dataset]]:
    """Ask for the newest datasets."""
    return Call("GET", _ROOT, _datasets_of, {"limit": limit})


def get_forecast(dataset_id: str) -> Call[dict[str, Any]]:
    """Ask for a forecast, held for 5 s if it is not there yet."""
    return Call("GET", f"{_path(dataset_id)}/forecast", json_of, {"wait": 5}, 5)


def errors_page(dataset_id: str, cursor: str, codes: Sequence[str]) -> Call[dict[str, Any]]:
    """Ask for one page of failed items."""
    params = {"limit": _PAGE, "cursor": cursor, "code": ",".join(codes)}
    named = {name: value for name, value in params.items() if value}
    return Call("GET", f"{_path(dataset_id)}/errors", json_of, named)


def retry_dataset(dataset_id: str, codes: Sequence[str]) -> Call[Dataset]:
    """Run failed items again."""
    url = f"{_path(dataset_id)}/retry"
    return Call("POST", url, dataset_of, json={"codes": list(codes)})


def cancel_dataset(dataset_id: str) -> Call[Dataset]:
    """Stop a dataset."""
    return Call("POST", f"{_path(dataset_id)}/cancel", dataset_of)


def delete_dataset(dataset_id: str) -> Call[None]:
    """Remove a dataset that has ended."""
    return Call("DELETE", _path(dataset_id), lambda _: None)


def dataset_events_url(dataset_id: str) -> str:
    """Return where a dataset's events are."""
    return f"{_path(dataset_id)}/events"


def results_url(dataset_id: str) -> str:
    """Return where a dataset's results are, a line each."""
    return f"{_path(dataset_id)}/results"


class DatasetSubmission:
    """A dataset to submit, the same on every try; `form` is the body where it carries files."""

    url = _ROOT

    def __init__(
        self,
        files: Mapping[str, Path] | None,
        key: str | None,
        spec: Mapping[str, Any],
        spoiled: dict[str, str] | None,
    ) -> None:
        body = json.dumps({name: value for name, value in spec.items() if value is not None})
        self.body = body.encode()
        self.form = ArchiveForm(body, files, spoiled) if files is not None else None
        self.held_s = KEEPING_S if self.form else 0.0
        self.headers = {
            "Idempotency-Key": key or uuid.uuid4().hex,
            "Content-Type": "application/json",
        }
        if self.form is not None:
            self.headers["Content-Type"] = self.form.content_type
            self.headers["Content-Length"] = str(self.form.length)


def too_large(refusal: ImageTooLarge) -> InvalidRequest:
    """Return the error to raise where the service refused an archive for its size."""
    return InvalidRequest(f"{refusal.message} What is larger belongs into a bucket.")


def _datasets_of(response: httpx2.Response) -> list[Dataset]:
    return [Dataset.from_document(document) for document in json_of(response)["datasets"]]


def _path(dataset_id: str) -> str:
    return f"{_ROOT}/{quote(dataset_id, safe='')}"
