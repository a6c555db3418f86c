"""From an image's bytes to its files, many at a time."""

from __future__ import annotations

import threading
from collections.abc import Collection
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
from PIL import Image

from contract.jobs import DepthInfo
from contract.models.input_rule import InputRule
from contract.options import JobOptions
from contract.outputs.declaration import Need
from tests.held import held
from tests.hostile.builders import png_bomb
from tests.pictures import encoded
from tests.waits import PATIENT_S
from worker.attempts.metrics import StageClock
from worker.compute import computer as room
from worker.compute.batch import Inferred
from worker.compute.computer import Computer
from worker.imaging.prepared import Prepared
from worker.outputs.render import Rendered
from worker.outputs.view import View

CORES = 2


class FakeDecoder:
    def __init__(self, width: int, height: int) -> None:
        self._size = (width, height)
        self.wanted: list[Collection[Need]] = []

    def decode(self, data: bytes, wants: Collection[Need], rule: InputRule) -> Prepared:
        self.wanted.append(wants)
        pixels = np.full((*self._size[::-1], 3), 7, np.uint8) if Need.PIXELS in wants else None
        return Prepared(
            np.zeros((3, 32, 32), np.float32),
            *self._size,
            None,
            1.0,
            1.0,
            (),
            focal_35mm=28.0 if Need.CAMERA in wants else None,
            pixels=pixels,
        )


class FakeBatcher:
    def submit(self, tensor: Any, deadline_at: float | None) -> Future[Inferred]:
        future: Future[Inferred] = Future()
        future.set_result(Inferred(np.zeros((32, 32), np.float32), 1.0, 1.0, 1))
        return future


class Meeting:
    """Counts how many are inside at once; each waits until `size` are there together."""

    def __init__(self, size: int) -> None:
        self._barrier, self._lock = threading.Barrier(size), threading.Lock()
        self._at_once = self.most = 0

    def visit(self) -> None:
        with self._lock:
            self._at_once += 1
            self.most = max(self.most, self._at_once)
        self._barrier.wait(PATIENT_S)
        with self._lock:
            self._at_once -= 1


def compute_many(computer: Computer, data: bytes, options: JobOptions) -> None:
    with ThreadPoolExecutor(4 * CORES) as threads:
        made = [
            threads.submit(computer.compute, data, options, StageClock()) for _ in range(4 * CORES)
        ]
    assert [one.exception() for one in made] == [None] * 4 * CORES


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
    meeting = Meeting(most_at_once)

    def render(view: View) -> Rendered:
        meeting.visit()
        return Rendered(DepthInfo(min=0, max=1), [])

    monkeypatch.setattr(room, "cores_given", lambda: CORES)
    monkeypatch.setattr(room, "render", render)
    computer = Computer(FakeDecoder(width, height), held(FakeBatcher()))
    compute_many(computer, b"", JobOptions(size=size))
    assert meeting.most == most_at_once


@pytest.mark.parametrize(
    ("size", "options", "most_at_once"),
    [
        ((4000, 3000), {"refine": "guided"}, CORES),
        ((8660, 5773), {"refine": "guided"}, CORES),
        ((4000, 3000), {}, 4 * CORES),
        ((1920, 1080), {"refine": "guided"}, 4 * CORES),
    ],
)
def test_the_pixels_of_only_so_many_large_pictures_are_held_at_once_as_there_are_cores(
    monkeypatch, size, options, most_at_once
) -> None:
    # Given many threads with a picture whose header announces its size
    meeting = Meeting(most_at_once)

    class Decoder(FakeDecoder):
        def decode(self, data: bytes, wants: Collection[Need], rule: InputRule) -> Prepared:
            meeting.visit()
            return super().decode(data, wants, rule)

    monkeypatch.setattr(room, "cores_given", lambda: CORES)
    monkeypatch.setattr(room, "render", lambda view: Rendered(DepthInfo(min=0, max=1), []))
    # When all compute it, then no more decode it at once than may hold its pixels
    computer = Computer(Decoder(64, 48), held(FakeBatcher()))
    compute_many(computer, png_bomb(*size), JobOptions(**options))
    assert meeting.most == most_at_once


@pytest.mark.parametrize(
    ("options", "wanted"),
    [
        ({}, set()),
        ({"refine": "guided"}, {Need.PIXELS}),
        ({"refine": "guided", "size": "model"}, set()),
    ],
)
def test_the_decoder_is_asked_for_what_the_outputs_need_and_renderers_get_it(
    monkeypatch, options, wanted
) -> None:
    views: list[View] = []

    def render(view: View) -> Rendered:
        views.append(view)
        return Rendered(DepthInfo(min=0, max=1), [])

    monkeypatch.setattr(room, "render", render)
    decoder = FakeDecoder(64, 48)
    data = encoded(Image.new("RGB", (64, 48)), "PNG")
    computed = Computer(decoder, held(FakeBatcher())).compute(
        data, JobOptions(**options), StageClock()
    )
    assert decoder.wanted == [wanted]
    (view,) = views
    assert (view.pixels is not None) == (Need.PIXELS in wanted)
    assert view.pixels is None or view.pixels.shape == (48, 64, 3)
    assert computed.prepared.pixels is None, "36 MB would wait for the store otherwise"
    assert (computed.prepared.width, computed.prepared.height) == (64, 48)


def test_the_focal_length_reaches_the_renderers(monkeypatch) -> None:
    views: list[View] = []
    monkeypatch.setattr(
        room, "render", lambda view: views.append(view) or Rendered(DepthInfo(min=0, max=1), [])
    )
    monkeypatch.setattr(JobOptions, "needs", lambda self: frozenset({Need.CAMERA}))
    Computer(FakeDecoder(64, 48), held(FakeBatcher())).compute(b"", JobOptions(), StageClock())
    assert views[0].focal_35mm == 28.0
