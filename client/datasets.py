"""`DepthClient.datasets`: many images at once, from a bucket or from this machine."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import httpx2

from client.dataset import Dataset
from client.errors import WaitedTooLong
from client.wire.call import json_of
from client.wire.dataset_calls import (
    DatasetSubmission,
    cancel_dataset,
    dataset_events_url,
    dataset_of,
    delete_dataset,
    errors_page,
    get_dataset,
    get_forecast,
    list_datasets,
    results_url,
    retry_dataset,
    too_large,
)
from client.wire.events import follow
from client.wire.polling import RUN_POLL_S as POLL_S
from client.wire.polling import Looks
from client.wire.transport import Transport, error_of
from contract.errors import ImageTooLarge


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

        `spec` is that of contract.runs.DatasetSpec: options, include, layout, … The files are
        sent as one tar, read as it goes out. One that changes meanwhile raises LocalProblem, or
        goes into `spoiled` (name → reason); its result is worth nothing then.
        """
        return dataset_of(self._post(DatasetSubmission(files, idempotency_key, spec, spoiled), {}))

    def forecast(
        self, files: Mapping[str, Path] | None = None, *, timeout: float = 120, **spec: Any
    ) -> dict[str, Any]:
        """Ask what a dataset would take, without running it: the Forecast as a dict."""
        ends_at = time.monotonic() + timeout
        answer = json_of(self._post(DatasetSubmission(files, None, spec, {}), {"dry_run": "1"}))
        while not answer["done"]:
            if time.monotonic() > ends_at:
                raise WaitedTooLong("the forecast is not there yet; is a bulk worker running?")
            answer = self.transport.call(get_forecast(answer["id"]))
            time.sleep(0.1)
        forecast: dict[str, Any] = answer["forecast"]
        self.delete(answer["id"])  # what was uploaded for it is of no more use
        return forecast

    def _post(self, submission: DatasetSubmission, params: dict[str, str]) -> httpx2.Response:
        form = submission.form
        try:
            return self.transport.attempt(
                lambda: self.transport.http.post(
                    submission.url,
                    params=params,
                    content=iter(form) if form is not None else submission.body,
                    headers=submission.headers,
                    timeout=self.transport.timeout(submission.held_s),
                )
            )
        except ImageTooLarge as exc:
            raise too_large(exc) from exc

    def get(self, dataset_id: str, *, wait: float = 0) -> Dataset:
        """Return the dataset as it stands, or when it ends within `wait` ≤ 60 s."""
        return self.transport.call(get_dataset(dataset_id, wait))

    def list(self, limit: int = 20) -> list[Dataset]:
        """Return your newest datasets."""
        return self.transport.call(list_datasets(limit))

    def wait(
        self,
        dataset_id: str,
        timeout: float | None = None,
        seen: Callable[[Dataset], None] | None = None,
    ) -> Dataset:
        """Return the dataset once it has ended; `seen` is called with each snapshot, every second.

        WaitedTooLong after `timeout` seconds (None: never).
        """
        looks = Looks("dataset", timeout, seen)
        while not looks.last(dataset := self.get(dataset_id)):
            time.sleep(POLL_S)
        return dataset

    def events(self, dataset_id: str) -> Iterator[Dataset]:
        """Yield the dataset as it changes until it has ended; survives a lost connection."""
        return follow(self.transport, dataset_events_url(dataset_id), Dataset.from_document)

    def errors(self, dataset_id: str, codes: Sequence[str] = ()) -> Iterator[dict[str, Any]]:
        """Yield the failed items, page by page."""
        cursor: str | None = ""
        while cursor is not None:
            page = self.transport.call(errors_page(dataset_id, cursor, codes))
            yield from page["errors"]
            cursor = page["next_cursor"]

    def results(self, dataset_id: str) -> Iterator[dict[str, Any]]:
        """Yield how every item ended, with the URLs of its files.

        A connection that is lost half-way is made again, and what has come is passed over.
        """
        seen, pauses = 0, self.transport.pauses()
        while True:
            try:
                for line in islice(self._lines(results_url(dataset_id)), seen, None):
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
        return self.transport.call(retry_dataset(dataset_id, codes))

    def cancel(self, dataset_id: str) -> Dataset:
        """Stop the dataset; what is done is kept. One that has ended stays as it is."""
        return self.transport.call(cancel_dataset(dataset_id))

    def delete(self, dataset_id: str) -> None:
        """Remove a dataset that has ended, and all its files in the service's bucket."""
        self.transport.call(delete_dataset(dataset_id))
