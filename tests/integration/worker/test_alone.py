"""An image alone on all threads: the same bits as on a stream, for every shape and any batch."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from contract.models.midas_small import MODEL
from contract.names.queues import Lane
from contract.settings import Settings
from worker.compute.held_model import HeldModel
from worker.engines.protocol import Depths, Engine, Images
from worker.process.models import LoadingModels


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> HeldModel:
    cache = tmp_path_factory.mktemp("cache")
    settings = Settings(cache_dir=cache, infer_threads=2, infer_streams=2, max_batch=8)
    loading = LoadingModels(settings, Lane.INTERACTIVE)
    loading.wait()
    return loading.held["midas_small"]


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


class Other:
    """Computes another last bit."""

    streams, max_batch = 1, 1

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def load(self) -> None:
        """Loaded already."""

    def infer(self, batch: Images) -> Depths:
        return np.nextafter(self._engine.infer(batch), np.float32(np.inf))


def test_another_last_bit_is_reason_enough_not_to_use_it() -> None:
    loading = LoadingModels(Settings(engine="simulated", simulation=True), Lane.INTERACTIVE)
    held = loading.held["midas_small"]
    held.wide = Other(held.engine)  # type: ignore[assignment] # as much of an engine as is used
    held.batcher._alone = held.wide.infer
    loading.wait()
    assert held.wide is None
    assert held.batcher._alone is None
