"""Frames reach each network as its declaration wants them, and their depth has its size."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import replace
from typing import BinaryIO

import numpy as np
import pytest
from numpy.typing import NDArray

from contract.models.input_rule import HALF, InputRule
from contract.videos import VideoSpec
from tests.films import LIMITS, NETWORK, brightness, drifting, film
from worker.compute.batch import Inferred
from worker.models.prepare import prepare
from worker.videos.pieces import items, pieces
from worker.videos.segment import steady_frames
from worker.videos.survey import survey

Write = Callable[[bytes], BinaryIO]
FRAMES = drifting(3)
LOSSLESS = film(FRAMES, form="matroska", codec="ffv1", pix_fmt="bgr0")
RULES = {
    "exact": InputRule(64, "exact", 32, mean=HALF, std=HALF),
    "lower": InputRule(84, "lower_bound", 14),
    "minimal": InputRule(90, "minimal", 32),
}


@pytest.mark.parametrize("name", RULES)
def test_a_frame_becomes_the_tensor_of_its_network(on_disk: Write, name: str) -> None:
    rule, given = RULES[name], []

    def submit(tensor: NDArray[np.float32]) -> Future[Inferred]:
        given.append(tensor)
        return brightness(tensor)

    video = on_disk(LOSSLESS)
    found = survey(video, VideoSpec(), LIMITS, 100, 60.0)
    ((piece, _),) = pieces(list(items(found.names, found.seconds)))
    network = replace(NETWORK, rule=rule, submit=submit)
    made = list(steady_frames(video, piece, found.facts, LIMITS, network))
    height, width = rule.net_size(64, 96)
    assert [steady.depth.shape for steady in made if steady] == [(height, width)] * 3
    assert [tensor.shape for tensor in given] == [(3, height, width)] * 3
    for tensor, frame in zip(given, FRAMES, strict=True):
        assert np.array_equal(tensor, prepare(frame, height, width, rule))
