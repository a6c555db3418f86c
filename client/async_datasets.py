"""`AsyncDepthClient.datasets`: the calls of client.datasets for asyncio."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncGenerator, Callable, Iterable, Mapping, Sequence
from contextlib import aclosing
from pathlib import Path
from typing import Any

import httpx2

from client.dataset import Dataset
from client.errors import WaitedTooLong
from client.wire.async_transport import AsyncTransport
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
from client.wire.polling import RUN_POLL_S as POLL_S
from client.wire.polling import Looks
from contract.errors import ImageTooLarge


class AsyncDatasets:
    """The dataset calls of one service: what they do and raise is said by client.datasets."""

    def __init__(self, transport: AsyncTransport) -> None:
        self._transport = transport

    async def submit(
        self,
        files: Mapping[str, Path] | None = None,
        *,
        idempotency_key: str | None = None,
        spoiled: dict[str, str] | None = None,
        **spec: Any,
    ) -> Dataset:
        """Submit a `prefix` or a `manifest` of a bucket, or local `files` (name → path)."""
        submission = DatasetSubmission(files, idempotency_key, spec, spoiled)
        return dataset_of(await self._post(submission, {}))

    async def forecast(
        self,
        files: Mapping[str, Path] | None = None,
        *,
        timeout: float = 120,
        **spec: Any,
    ) -> dict[str, Any]:
        """Ask what a dataset would take, without running it: the Forecast as a dict."""
        ends_at = time.monotonic() + timeout
        submission = DatasetSubmission(files, None, spec, {})
        answer = json_of(await self._post(submission, {"dry_run": "1"}))
        while not answer["done"]:
            if time.monotonic() > ends_at:
                raise WaitedTooLong("the forecast is not there yet; is a bulk worker running?")
            answer = await self._transport.call(get_forecast(answer["id"]))
            await asyncio.sleep(0.1)
        forecast: dict[str, Any] = answer["forecast"]
        await self.delete(answer["id"])
        return forecast

    async def _post(self, submission: DatasetSubmission, params: dict[str, str]) -> httpx2.Response:
        form = submission.form
        try:
            return await self._transport.attempt(
                lambda: self._transport.http.post(
                    submission.url,
                    params=params,
                    content=_pieces(form) if form is not None else submission.body,
                    headers=submission.headers,
                    timeout=self._transport.timeout(submission.held_s),
                )
            )
        except ImageTooLarge as exc:
            raise too_large(exc) from exc

    async def get(self, dataset_id: str, *, wait: float = 0) -> Dataset:
        """Return the dataset as it stands, or when it ends within `wait` ≤ 60 s."""
        return await self._transport.call(get_dataset(dataset_id, wait))

    async def list(self, limit: int = 20) -> list[Dataset]:
        """Return your newest datasets."""
        return await self._transport.call(list_datasets(limit))

    async def wait(
        self,
        dataset_id: str,
        timeout: float | None = None,
        seen: Callable[[Dataset], None] | None = None,
    ) -> Dataset:
        """Return the dataset once it has ended; `seen` is called with each snapshot."""
        looks = Looks("dataset", timeout, seen)
        while not looks.last(dataset := await self.get(dataset_id)):
            await asyncio.sleep(POLL_S)
        return dataset

    def events(self, dataset_id: str) -> AsyncGenerator[Dataset, None]:
        """Yield the dataset as it changes until it has ended; survives a lost connection."""
        return self._transport.follow(dataset_events_url(dataset_id), Dataset.from_document)

    async def errors(
        self, dataset_id: str, codes: Sequence[str] = ()
    ) -> AsyncGenerator[dict[str, Any], None]:
        """Yield the failed items, page by page."""
        cursor: str | None = ""
        while cursor is not None:
            page = await self._transport.call(errors_page(dataset_id, cursor, codes))
            for error in page["errors"]:
                yield error
            cursor = page["next_cursor"]

    async def results(self, dataset_id: str) -> AsyncGenerator[dict[str, Any], None]:
        """Yield how every item ended, with the URLs of its files."""
        async with aclosing(self._transport.lines(results_url(dataset_id))) as lines:
            async for line in lines:
                yield json.loads(line)

    async def retry(self, dataset_id: str, codes: Sequence[str] = ()) -> Dataset:
        """Run the failed items again, only those with one of `codes` if given."""
        return await self._transport.call(retry_dataset(dataset_id, codes))

    async def cancel(self, dataset_id: str) -> Dataset:
        """Stop the dataset; what is done is kept. One that has ended stays as it is."""
        return await self._transport.call(cancel_dataset(dataset_id))

    async def delete(self, dataset_id: str) -> None:
        """Remove a dataset that has ended, and all its files in the service's bucket."""
        await self._transport.call(delete_dataset(dataset_id))


async def _pieces(form: Iterable[bytes]) -> AsyncGenerator[bytes, None]:
    for piece in form:  # of at most 256 KiB, read from this machine's disk
        yield piece
