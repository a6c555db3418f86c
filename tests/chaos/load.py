"""Clients that submit images at a bounded rate, whatever the service answers."""

from __future__ import annotations

import itertools
import threading
import time
from collections import Counter

import httpx2

from tests.chaos.images import OPTIONS, Image
from tests.chaos.ledger import Ledger

CLIENT_TIMEOUT_S = 30.0


class Load:
    """A few client threads. Only a 202 counts as accepted; everything else may be sent again."""

    def __init__(self, url: str, images: list[Image], ledger: Ledger) -> None:
        self.answers: Counter[str] = Counter()
        self.longest_s = 0.0
        self._url = url
        self._images = itertools.cycle(images)
        self._ledger = ledger
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._threads: list[threading.Thread] = []

    def start(self, per_s: float, clients: int = 4) -> None:
        """Submit `per_s` images a second from `clients` threads until `stop()`."""
        self._stopping.clear()
        for _ in range(clients):
            pause_s = clients / per_s
            thread = threading.Thread(target=self._run, args=(pause_s,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def stop(self) -> None:
        """Let every client finish its request."""
        self._stopping.set()
        for thread in self._threads:
            thread.join()
        self._threads.clear()

    def submit(self, image: Image, key: str | None = None) -> str | None:
        """Submit one image once; return the job's id if it was accepted."""
        with httpx2.Client(base_url=self._url, timeout=CLIENT_TIMEOUT_S) as client:
            return self._submit(client, image, key)

    def _run(self, pause_s: float) -> None:
        with httpx2.Client(base_url=self._url, timeout=CLIENT_TIMEOUT_S) as client:
            while not self._stopping.wait(pause_s):
                with self._lock:
                    image = next(self._images)
                self._submit(client, image)

    def _submit(self, client: httpx2.Client, image: Image, key: str | None = None) -> str | None:
        headers = {"Content-Type": "image/jpeg"} | ({"Idempotency-Key": key} if key else {})
        began = time.monotonic()
        try:
            reply = client.post("/v1/jobs", content=image.data, params=OPTIONS, headers=headers)
        except httpx2.HTTPError as exc:
            self._count(type(exc).__name__, began)
            return None
        self._count(_answer(reply), began)
        if reply.status_code != 202:
            return None
        job_id: str = reply.json()["id"]
        self._ledger.note(job_id, image.name)
        return job_id

    def _count(self, answer: str, began: float) -> None:
        with self._lock:
            self.answers[answer] += 1
            self.longest_s = max(self.longest_s, time.monotonic() - began)


def _answer(reply: httpx2.Response) -> str:
    """Return the status; of a 500 its code too: the refusal of a store is one."""
    if reply.status_code != 500:
        return str(reply.status_code)
    code = reply.json().get("code") if "json" in reply.headers.get("Content-Type", "") else None
    return f"500 {code}"
