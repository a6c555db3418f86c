"""`DepthClient.datasets`: many images at once, from a bucket or from this machine."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx2

from client.bulk.tar_stream import ArchiveForm
from client.dataset import Dataset
from client.errors import UnexpectedAnswer, WaitedTooLong
from client.wire.events import follow
from client.wire.transport import Transport, error_of
from contract.errors import ImageTooLarge, InvalidRequest

POLL_S = 1.0
KEEPING_S = 600.0  # what the service may take to keep an archive that has arrived
_ROOT = "/v1/datasets"


class Datasets:
    """The dataset calls of one service. Errors are those of DepthClient."""

    def __init__(self, transport: Transport) -> None:
        self.transport = transport

    def submit(
        self,
        files: Mapping[str, Path] | None = None,
        *,
        idempotency_key: str | None = None,
        spoiled: dict[str, str] | None = None,
        **spec: Any,
    ) -> Dataset:
        """Submit a `prefix` or a `manifest` of a bucket, or local `files` (name → path).

        `spec` is that of contract.datasets.DatasetSpec: options, include, layout, … The files are
        sent as one tar, read as it goes out. One that changes meanwhile raises LocalProblem, or
        goes into `spoiled` (name → reason); its result is worth nothing then.
        """
        return _dataset(self._post(files, idempotency_key, spec, {}, spoiled))

    def forecast(
        self, files: Mapping[str, Path] | None = None, *, timeout: float = 120, **spec: Any
    ) -> dict[str, Any]:
        """Ask what a dataset would take, without running it: the Forecast as a dict."""
        ends_at = time.monotonic() + timeout
        answer = _json(self._post(files, None, spec, {"dry_run": "1"}, {}))
        while not answer["done"]:
            if time.monotonic() > ends_at:
                raise WaitedTooLong("the forecast is not there yet; is a bulk worker running?")
            url = f"{_path(answer['id'])}/forecast"
            answer = _json(self._get(url, params={"wait": 5}, held_s=5))
            time.sleep(0.1)
        forecast: dict[str, Any] = answer["forecast"]
        self.delete(answer["id"])  # what was uploaded for it is of no more use
        return forecast

    def _post(
        self,
        files: Mapping[str, Path] | None,
        key: str | None,
        spec: Mapping[str, Any],
        params: Mapping[str, str],
        spoiled: dict[str, str] | None = None,
    ) -> httpx2.Response:
        body = json.dumps({name: value for name, value in spec.items() if value is not None})
        headers = {"Idempotency-Key": key or uuid.uuid4().hex, "Content-Type": "application/json"}
        form = ArchiveForm(body, files, spoiled) if files is not None else None
        if form is not None:
            headers |= {"Content-Type": form.content_type, "Content-Length": str(form.length)}
        timeout = self.transport.timeout(KEEPING_S if form else 0)
        try:
            return self.transport.attempt(
                lambda: self.transport.http.post(
                    _ROOT,
                    params=dict(params),
                    content=iter(form) if form is not None else body.encode(),
                    headers=headers,
                    timeout=timeout,
                )
            )
        except ImageTooLarge as exc:
            raise InvalidRequest(f"{exc.message} What is larger belongs into a bucket.") from exc

    def get(self, dataset_id: str, *, wait: float = 0) -> Dataset:
        """Return the dataset as it stands, or when it ends within `wait` ≤ 60 s."""
        held_s = int(wait)
        params = {"wait": held_s} if held_s else None
        return _dataset(self._get(_path(dataset_id), params=params, held_s=held_s))

    def list(self, limit: int = 20) -> list[Dataset]:
        """Return your newest datasets."""
        answer = _json(self._get(_ROOT, params={"limit": limit}))
        return [Dataset.from_document(document) for document in answer["datasets"]]

    def wait(
        self,
        dataset_id: str,
        timeout: float | None = None,
        seen: Callable[[Dataset], None] | None = None,
    ) -> Dataset:
        """Return the dataset once it has ended; `seen` is called with each snapshot, every second.

        WaitedTooLong after `timeout` seconds (None: never).
        """
        ends_at = None if timeout is None else time.monotonic() + timeout
        while True:
            dataset = self.get(dataset_id)
            if seen is not None:
                seen(dataset)
            if dataset.terminal:
                return dataset
            if ends_at is not None and time.monotonic() >= ends_at:
                raise WaitedTooLong(f"dataset {dataset_id} is still {dataset.state.value}")
            time.sleep(POLL_S)

    def events(self, dataset_id: str) -> Iterator[Dataset]:
        """Yield the dataset as it changes until it has ended; survives a lost connection."""
        return follow(self.transport, f"{_path(dataset_id)}/events", Dataset.from_document)

    def errors(self, dataset_id: str, codes: Sequence[str] = ()) -> Iterator[dict[str, Any]]:
        """Yield the failed items, page by page."""
        cursor: str | None = ""
        while cursor is not None:
            params = {"limit": 500, "cursor": cursor, "code": ",".join(codes)}
            named = {name: value for name, value in params.items() if value}
            page = _json(self._get(f"{_path(dataset_id)}/errors", params=named))
            yield from page["errors"]
            cursor = page["next_cursor"]

    def results(self, dataset_id: str) -> Iterator[dict[str, Any]]:
        """Yield how every item ended, with the URLs of its files.

        A connection that is lost half-way is made again, and what has come is passed over.
        """
        seen, pauses = 0, self.transport.pauses()
        while True:
            try:
                for line in islice(self._lines(f"{_path(dataset_id)}/results"), seen, None):
                    seen, pauses = seen + 1, self.transport.pauses()
                    yield json.loads(line)
                return
            except httpx2.TransportError as exc:
                if not pauses.pause(None):
                    raise self.transport.unreachable(exc) from exc

    def _lines(self, url: str) -> Iterator[str]:
        with self.transport.http.stream("GET", url, timeout=self.transport.timeout(60)) as answer:
            if answer.status_code >= 400:
                answer.read()
                raise error_of(answer)
            yield from filter(None, answer.iter_lines())

    def retry(self, dataset_id: str, codes: Sequence[str] = ()) -> Dataset:
        """Run the failed items again, only those with one of `codes` if given."""
        url = f"{_path(dataset_id)}/retry"
        answer = self.transport.attempt(
            lambda: self.transport.http.post(url, json={"codes": list(codes)})
        )
        return _dataset(answer)

    def cancel(self, dataset_id: str) -> Dataset:
        """Stop the dataset; what is done is kept. One that has ended stays as it is."""
        return _dataset(self.transport.request("POST", f"{_path(dataset_id)}/cancel"))

    def delete(self, dataset_id: str) -> None:
        """Remove a dataset that has ended, and all its files in the service's bucket."""
        self.transport.request("DELETE", _path(dataset_id))

    def _get(
        self, url: str, *, params: Mapping[str, Any] | None = None, held_s: float = 0
    ) -> httpx2.Response:
        timeout = self.transport.timeout(held_s)
        return self.transport.request(
            "GET", url, params=dict(params) if params else None, timeout=timeout
        )


def _path(dataset_id: str) -> str:
    return f"{_ROOT}/{quote(dataset_id, safe='')}"


def _json(response: httpx2.Response) -> Any:
    try:
        return response.json()
    except ValueError as exc:
        raise UnexpectedAnswer(f"{response.url} did not answer with JSON") from exc


def _dataset(response: httpx2.Response) -> Dataset:
    return Dataset.from_document(_json(response))
