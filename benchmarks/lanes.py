"""Suite `lanes`: the latency of single jobs while bulk work saturates the machine.

Once beside single jobs of the bulk lane, which use the engine only, and once beside real datasets,
with reading of pictures, planning and results.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from statistics import fmean
from typing import Any, Protocol

import httpx2

from benchmarks import photographs
from benchmarks.context import Context
from benchmarks.dataset_load import DatasetLoad
from benchmarks.stack import Stack
from benchmarks.timing import percentile
from contract.ids import new_id
from contract.jobs import InputInfo, JobRecord, JobRequest
from contract.models.declaration import DEFAULT_MODEL
from contract.names.object_keys import input_object
from contract.names.queues import Lane
from contract.options import JobOptions
from storage.jobs.store import JobStore
from storage.ledger.connection import open_redis
from storage.objects.open import open_object_store

AHEAD = 48  # bulk jobs kept waiting
PICTURES = 2_000  # of a dataset; it is followed by another when it ends
SETTLE_S = 3.0  # what begins and what ends is not measured


class Load(Protocol):
    """Work for the bulk lane that lasts as long as the context."""

    def __enter__(self) -> Load:
        """Begin."""

    def __exit__(self, *_: object) -> None:
        """End, and leave nothing behind that runs."""

    def done(self) -> int:
        """Return how many images have ended so far."""


def run(context: Context) -> dict[str, Any]:
    """Return the interactive lane's latencies, idle and beside both kinds of bulk work."""
    images = photographs.files(context.scratch / "images", 8, 640, 480)
    data = [path.read_bytes() for path in images]
    rounds, count = (1, 15) if context.quick else (4, 40)
    with Stack(context.scratch / "stack", s3=True, lanes=(Lane.INTERACTIVE, Lane.BULK)) as stack:
        latencies(stack, data, 5)
        jobs = _alternating(stack, data, BulkLoad(stack, data), rounds, count)
        load = DatasetLoad(stack, data, 200 if context.quick else PICTURES)
        dataset = _alternating(stack, data, load, rounds, count)
    for name, measured in (("jobs", jobs), ("dataset", dataset)):
        idle, busy = measured["idle"]["p95_ms"], measured["busy"]["p95_ms"]
        context.say(f"lanes: beside {name} p95 {idle:.0f} → {busy:.0f} ms")
    return {**jobs, "dataset": dataset}


def _alternating(
    stack: Stack, data: list[bytes], load: Load, rounds: int, count: int
) -> dict[str, Any]:
    """Return latencies without and with `load`, in turns, and the rates of the load."""
    idle, busy, again = list[float](), list[float](), list[float]()
    beside, alone = list[float](), list[float]()
    for number in range(rounds):
        (again if number % 2 else idle).extend(latencies(stack, data, count))
        with load:
            time.sleep(SETTLE_S)
            with _rate_of(load, beside):
                busy += latencies(stack, data, count)
            time.sleep(SETTLE_S)
            with _rate_of(load, alone):
                time.sleep(2 * SETTLE_S)
        time.sleep(1)
    (again if rounds % 2 else idle).extend(latencies(stack, data, count))
    return {
        "idle": _summary(idle), "busy": _summary(busy), "idle_again": _summary(again),
        "bulk_images_per_s": fmean(beside), "bulk_alone_images_per_s": fmean(alone),
    }  # fmt: skip


@contextmanager
def _rate_of(load: Load, rates: list[float]) -> Iterator[None]:
    began, done = time.perf_counter(), load.done()
    yield
    rates.append((load.done() - done) / (time.perf_counter() - began))


def latencies(
    stack: Stack,
    data: list[bytes],
    count: int,
    meanwhile: Callable[[], None] = lambda: None,
) -> list[float]:
    """Return ms from submit to the finished document, one job at a time, a pause between.

    `meanwhile` is called in the pause.
    """
    taken = []
    base = f"http://127.0.0.1:{stack.port}"
    with httpx2.Client(base_url=base, trust_env=False, timeout=60) as http:
        for number in range(count):
            began = time.perf_counter()
            answer = http.post(
                "/v1/jobs?size=model", content=data[number % len(data)],
                headers={"Content-Type": "image/jpeg", "Prefer": "wait=60"},
            )  # fmt: skip
            if answer.raise_for_status().json()["state"] != "succeeded":
                raise RuntimeError(f"not finished: {answer.text[:300]}")
            taken.append((time.perf_counter() - began) * 1e3)
            meanwhile()
            time.sleep(0.05)
    return taken


class BulkLoad:
    """Keeps the bulk lane's backlog filled, without the API, as a data set does."""

    def __init__(self, stack: Stack, data: list[bytes], ahead: int = AHEAD) -> None:
        from worker.process.app import make_celery

        settings = stack.settings
        self._jobs = JobStore(open_redis(settings))
        self._objects = open_object_store(settings)
        self._celery = make_celery(settings)
        self._data = data
        self._sent = 0
        self._ahead = ahead
        self._stop = threading.Event()

    def __enter__(self) -> BulkLoad:
        self._stop.clear()
        self._thread = threading.Thread(target=self._fill, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()
        while self._waiting():
            time.sleep(0.1)

    def done(self) -> int:
        """Return how many jobs have ended."""
        return self._sent - self._waiting()

    def _waiting(self) -> int:
        backlog = self._jobs.backlog(Lane.BULK)
        return backlog.queued + backlog.running

    def _fill(self) -> None:
        while not self._stop.wait(0.1):
            for _ in range(max(0, self._ahead - self._waiting())):
                self._submit()

    def _submit(self) -> None:
        from contract.names.queues import TASK_RUN_JOB
        from worker.process.app import send

        data, now = self._data[self._sent % len(self._data)], time.time()
        request = JobRequest(
            id=new_id(), lane=Lane.BULK, created_at=now, expires_at=now + 3_600,
            options=JobOptions(size="model"),
            input=InputInfo(
                media_type="image/jpeg", bytes=len(data), sha256="0" * 64, width=640, height=480
            ),
        )  # fmt: skip
        self._objects.put(input_object(request.id), data, media_type="image/jpeg")
        self._jobs.create(JobRecord(request=request))
        send(self._celery, TASK_RUN_JOB, request.id, Lane.BULK, DEFAULT_MODEL)
        self._sent += 1


def _summary(values: list[float]) -> dict[str, float]:
    return {f"p{percent}_ms": percentile(values, percent) for percent in (50, 95)}
