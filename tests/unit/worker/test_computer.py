"""From an image's bytes to its files, many at a time."""

from __future__ import annotations

import threading
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

from contract.jobs import DepthInfo, ModelInfo
from contract.options import JobOptions
from worker.attempts.metrics import StageClock
from worker.compute.batcher import Inferred
from worker.imaging.prepared import Prepared
from worker.jobs import pipeline
from worker.jobs.pipeline import Computer
from worker.outputs.render import Rendered

MODEL = ModelInfo(name="m", weights_id="w", engine="e", precision="fp32", net_size=(32, 32))
CORES = 2


class FakeDecoder:
    def __init__(self, width: int, height: int) -> None:
        self._size = (width, height)

    def decode(self, data: bytes) -> Prepared:
        return Prepared(np.zeros((3, 32, 32), np.float32), *self._size, None, 1.0, 1.0, ())


class FakeBatcher:
    def submit(self, tensor: Any, deadline_at: float | None) -> Future[Inferred]:
        future: Future[Inferred] = Future()
        future.set_result(Inferred(np.zeros((32, 32), np.float32), 1.0, 1.0, 1))
        return future


@pytest.mark.parametrize(
    ("width", "height", "size", "most_at_once"),
    [
        (4000, 3000, "original", CORES),
        (4000, 3000, "model", 4 * CORES),
        (1920, 1080, "original", 4 * CORES),
    ],
)
def test_only_so_many_large_pictures_are_rendered_at_once_as_there_are_cores(
    monkeypatch, width, height, size, most_at_once
) -> None:
    meeting = threading.Barrier(most_at_once)  # nobody passes before so many render together
    at_once, most, lock = 0, 0, threading.Lock()

    def render(*_: Any) -> Rendered:
        nonlocal at_once, most
        with lock:
            at_once += 1
            most = max(most, at_once)
        meeting.wait(30)
        with lock:
            at_once -= 1
        return Rendered(DepthInfo(min=0, max=1), [])

    monkeypatch.setattr(pipeline, "cores_given", lambda: CORES)
    monkeypatch.setattr(pipeline, "render", render)
    computer = Computer(FakeDecoder(width, height), FakeBatcher(), MODEL)
    with ThreadPoolExecutor(4 * CORES) as threads:
        made = [
            threads.submit(computer.compute, b"", JobOptions(size=size), StageClock())
            for _ in range(4 * CORES)
        ]
    assert not any(one.exception() for one in made)
    assert most == most_at_once
