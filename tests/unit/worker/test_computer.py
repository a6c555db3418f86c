"""From an image's bytes to its files, without storage."""

from __future__ import annotations

import threading
from concurrent.futures import Future, ThreadPoolExecutor
from types import SimpleNamespace

import numpy as np
import pytest

from contract.jobs import DepthInfo, ModelInfo
from contract.options import JobOptions
from worker import pipeline
from worker.batcher import Inferred
from worker.metrics import StageClock
from worker.pipeline import Computer
from worker.rendering.render import Rendered

MODEL = ModelInfo(name="m", weights_id="w", engine="e", precision="fp32", net_size=(0, 0))


class Crowd:
    """Stands in for rendering: stays a moment and counts who is there at once."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._inside = self.most = 0

    def __call__(self, *_: object) -> Rendered:
        with self._changed:
            self._inside += 1
            self.most = max(self.most, self._inside)
            self._changed.notify_all()
            self._changed.wait_for(lambda: self._inside > 2, timeout=0.2)
            self._inside -= 1
        return Rendered(DepthInfo(min=0, max=1), [])


class ReadyBatcher:
    """Has inferred everything already."""

    def submit(self, _tensor: object, _deadline_at: float | None) -> Future[Inferred]:
        future: Future[Inferred] = Future()
        future.set_result(Inferred(np.zeros((32, 32), np.float32), 0.0, 0.0, 1))
        return future


@pytest.fixture
def crowd(monkeypatch: pytest.MonkeyPatch) -> Crowd:
    crowd = Crowd()
    monkeypatch.setattr(pipeline, "render", crowd)
    return crowd


@pytest.mark.parametrize("renderers", [1, 2])
def test_no_more_images_are_rendered_at_once_than_allowed(crowd: Crowd, renderers: int) -> None:
    prepared = SimpleNamespace(decode_ms=0.0, prepare_ms=0.0, tensor=None, width=1, height=1)
    decoder = SimpleNamespace(decode=lambda _data: prepared)
    computer = Computer(decoder, ReadyBatcher(), MODEL, renderers)  # type: ignore[arg-type]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: computer.compute(b"", JobOptions(), StageClock()), range(4)))
    assert crowd.most == renderers
