"""Keeps the bulk lane busy with real datasets: pictures in the bucket, submitted over HTTP."""

from __future__ import annotations

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx2

from benchmarks.stack import BUCKET, Stack
from contract.names.object_keys import dataset_files_prefix
from storage.objects.open import open_object_store

FOLDER = f"{dataset_files_prefix(None)}pictures/"
AT_ONCE = 2  # datasets: the second keeps the worker busy while the first is summed up


class Datasets:
    """Submits datasets of pictures that are uploaded once, and tells how they are doing."""

    def __init__(self, stack: Stack, data: Sequence[bytes], pictures: int) -> None:
        self.pictures = pictures
        self._http = httpx2.Client(
            base_url=f"http://127.0.0.1:{stack.port}/v1", trust_env=False, timeout=60
        )
        _upload(stack, data, pictures)

    def submit(self, **spec: object) -> str:
        """Submit one at the network's size; return its id."""
        asked = {"prefix": f"s3://{BUCKET}/{FOLDER}", "options": {"size": "model"}, **spec}
        answer = self._http.post("/datasets", json=asked)
        return str(answer.raise_for_status().json()["id"])

    def document(self, dataset_id: str) -> dict[str, Any]:
        """Return what the service says about one."""
        return dict(self._http.get(f"/datasets/{dataset_id}").raise_for_status().json())

    def images(self, dataset_id: str) -> int:
        """Return how many images of one are done or in flight."""
        counts = self.document(dataset_id)["counts"]
        return int(counts["done"] + counts["in_flight"])

    def cancel(self, dataset_id: str) -> None:
        """Cancel one; it ends soon."""
        self._http.post(f"/datasets/{dataset_id}/cancel").raise_for_status()


class DatasetLoad:
    """A context: the bulk lane is saturated inside; after it, quiet.

    Datasets that end are followed by new ones, so that the load outlasts any measurement.
    """

    def __init__(self, stack: Stack, data: Sequence[bytes], pictures: int) -> None:
        self._datasets = Datasets(stack, data, pictures)
        self._running: list[str] = []
        self._ended = 0

    def __enter__(self) -> DatasetLoad:
        self._running = [self._datasets.submit() for _ in range(AT_ONCE)]
        while not self._datasets.images(self._running[0]):  # planned, and the engine at work
            time.sleep(0.1)
        return self

    def __exit__(self, *_: object) -> None:
        for dataset_id in self._running:
            self._datasets.cancel(dataset_id)
        for dataset_id in self._running:
            while not self._datasets.document(dataset_id)["terminal"]:
                time.sleep(0.1)
        time.sleep(1)  # what had begun is let come to its end

    def done(self) -> int:
        """Return how many images have ended, and let no dataset end without the next."""
        datasets = self._datasets
        for place, dataset_id in enumerate(self._running):
            if datasets.document(dataset_id)["terminal"]:
                self._ended += datasets.images(dataset_id)
                self._running[place] = datasets.submit()
        return self._ended + sum(datasets.images(dataset_id) for dataset_id in self._running)


def _upload(stack: Stack, data: Sequence[bytes], pictures: int) -> None:
    objects = open_object_store(stack.settings)

    def put(number: int) -> None:
        key = f"{FOLDER}{number:06d}.jpg"
        objects.put(key, data[number % len(data)], media_type="image/jpeg")

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(put, range(pictures)))
