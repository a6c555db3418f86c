"""An image alone on all threads: the same bits as on a stream, for every shape and any batch."""

from __future__ import annotations

import logging
from collections.abc import Callable
from itertools import product

import numpy as np
import pytest

from contract.models.midas_small import MODEL
from contract.names.queues import Lane
from contract.settings import Settings
from worker.compute.held_model import HeldModel
from worker.engines.protocol import Depths, EngineError, Images
from worker.engines.simulated import SimulatedEngine
from worker.process.models import LoadingModels


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> HeldModel:
    cache = tmp_path_factory.mktemp("cache")
    settings = Settings(cache_dir=cache, infer_threads=2, infer_streams=2, max_batch=8)
    loading = LoadingModels(settings, Lane.INTERACTIVE)
    loading.wait()
    held = loading.held["midas_small"]
    assert held.batcher._alone is None  # ready, and computes on its streams
    loading.widen().result()
    return held


def noise(count: int, height: int, width: int) -> Images:
    dice = np.random.default_rng(height * width)
    return dice.standard_normal((count, 3, height, width)).astype(np.float32)


def test_every_shape_has_the_same_bits_alone_on_a_stream_and_in_a_batch(model: HeldModel) -> None:
    wide = model.wide
    assert wide is not None
    shapes = {MODEL.input.net_size(*size) for size in product((300, 400, 600, 900), repeat=2)}
    assert len(shapes) >= 7
    for height, width in sorted(shapes):
        images = noise(2, height, width)
        together = model.engine.infer(images)
        for image, depth in zip(images, together, strict=True):
            assert np.array_equal(wide.infer(image[None])[0], depth)
            assert np.array_equal(model.engine.infer(image[None])[0], depth)


def test_a_picture_that_finds_the_worker_idle_goes_the_wide_way(model: HeldModel) -> None:
    assert model.wide is not None
    assert model.batcher._alone == model.wide.infer


class Other(SimulatedEngine):
    """Computes another last bit."""

    def infer(self, batch: Images) -> Depths:
        return np.nextafter(super().infer(batch), np.float32(np.inf))


class Absent(SimulatedEngine):
    """Cannot be loaded."""

    def load(self) -> None:
        raise EngineError("no memory for it")


class Broken(SimulatedEngine):
    """Fails as nothing expects it."""

    def load(self) -> None:
        raise ValueError("a fault of ours")


def widened(make: Callable[[], SimulatedEngine]) -> HeldModel:
    loading = LoadingModels(Settings(engine="simulated", simulation=True), Lane.INTERACTIVE)
    held = loading.held["midas_small"]
    held.wide = make()
    loading.wait()
    loading.widen().result()
    return held


def test_the_same_bits_are_used() -> None:
    held = widened(SimulatedEngine)
    assert held.wide is not None
    assert held.batcher._alone == held.wide.infer


@pytest.mark.parametrize(
    ("make", "why"),
    [(Other, "other bits"), (Absent, "no memory for it"), (Broken, "a fault of ours")],
)
def test_what_cannot_be_used_leaves_the_streams_and_says_why(
    make: Callable[[], SimulatedEngine], why: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    assert widened(make).batcher._alone is None
    assert "one image is not computed by all cores" in caplog.text
    assert why in caplog.text
