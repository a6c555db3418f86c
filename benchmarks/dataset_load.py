"""Keeps the bulk lane busy with real datasets: pictures in the bucket, submitted over HTTP."""

from __future__ import annotations

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx2

from benchmarks.stack import BUCKET, Stack
from storage.objects.open import open_object_store

AT_ONCE = 2  # datasets: the second keeps the worker busy while the first is summed up


class DatasetLoad:
    """A context: the bulk lane is saturated inside; after it, quiet. `pictures` are uploaded once.

    Datasets that end are followed by new ones, so that the load outlasts any measurement.
    """

    def __init__(self, stack: Stack, data: Sequence[bytes], pictures: int) -> None:
        self._http = httpx2.Client(
            base_url=f"http://127.0.0.1:{stack.port}/v1", trust_env=False, timeout=60
        )
        self._running: list[str] = []
        self._ended = 0
        _upload(stack, data, pictures)

    def __enter__(self) -> DatasetLoad:
        self._running = [self._submit() for _ in range(AT_ONCE)]
        while not self._images(self._running[0]):  # planned, and the engine at work
            time.sleep(0.1)
        return self

    def __exit__(self, *_: object) -> None:
        for dataset_id in self._running:
            self._http.post(f"/datasets/{dataset_id}/cancel").raise_for_status()
        for dataset_id in self._running:
            while not self._document(dataset_id)["terminal"]:
                time.sleep(0.1)
        time.sleep(1)  # what had begun is let come to its end

    def done(self) -> int:
        """Return how many images have ended, and let no dataset end without the next."""
        for place, dataset_id in enumerate(self._running):
            if self._document(dataset_id)["terminal"]:
                self._ended += self._images(dataset_id)
                self._running[place] = self._submit()
        return self._ended + sum(self._images(dataset_id) for dataset_id in self._running)

    def _submit(self) -> str:
        spec = {"prefix": f"s3://{BUCKET}/pictures/", "options": {"size": "model"}}
        answer = self._http.post("/datasets", json=spec)
        return str(answer.raise_for_status().json()["id"])

    def _images(self, dataset_id: str) -> int:
        counts = self._document(dataset_id)["counts"]
        return int(counts["done"] + counts["in_flight"])

    def _document(self, dataset_id: str) -> dict[str, Any]:
        return dict(self._http.get(f"/datasets/{dataset_id}").raise_for_status().json())


def _upload(stack: Stack, data: Sequence[bytes], pictures: int) -> None:
    objects = open_object_store(stack.settings)

    def put(number: int) -> None:
        objects.put(f"pictures/{number:06d}.jpg", data[number % len(data)], media_type="image/jpeg")

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(put, range(pictures)))
