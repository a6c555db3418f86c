"""From an image's bytes to its files, many at a time."""

from __future__ import annotations

import threading
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import numpy as np

from contract.jobs import DepthInfo, ModelInfo
from contract.options import JobOptions
from worker import pipeline
from worker.batcher import Inferred
from worker.imaging.prepared import Prepared
from worker.metrics import StageClock
from worker.pipeline import Computer
from worker.rendering.render import Rendered

MODEL = ModelInfo(name="m", weights_id="w", engine="e", precision="fp32", net_size=(32, 32))
CORES = 2


class FakeDecoder:
    def decode(self, data: bytes) -> Prepared:
        return Prepared(np.zeros((3, 32, 32), np.float32), 64, 64, None, 1.0, 1.0, ())


class FakeBatcher:
    def submit(self, tensor: Any, deadline_at: float | None) -> Future[Inferred]:
        future: Future[Inferred] = Future()
        future.set_result(Inferred(np.zeros((32, 32), np.float32), 1.0, 1.0, 1))
        return future


def test_no_more_images_are_rendered_at_once_than_there_are_cores(monkeypatch) -> None:
    meeting = threading.Barrier(CORES)  # nobody passes unless so many render at the same time
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
    computer = Computer(FakeDecoder(), FakeBatcher(), MODEL)
    with ThreadPoolExecutor(4 * CORES) as threads:
        for _ in range(4 * CORES):
            threads.submit(computer.compute, b"", JobOptions(), StageClock())
    assert most == CORES
