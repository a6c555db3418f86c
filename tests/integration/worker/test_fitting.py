"""A worker process that holds the real engine measures it once and goes on from what was kept."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from contract.settings import Settings
from tests.waits import PATIENT_S
from worker.process.models import (
    MOST_IMAGES,
    LoadingModels,
    default_choice,
    known_costs,
    paces,
)


def test_a_start_keeps_what_it_measured_and_computes_as_before(tmp_path: Path) -> None:
    settings = Settings(cache_dir=tmp_path)
    loading = LoadingModels(settings)
    loading.wait()
    model = loading.held["midas_small"]
    ((artefact, pace),) = paces(settings)
    costs = known_costs(settings, artefact, pace).read()
    assert list(costs) == [model.engine.streams]
    assert 1 in costs[model.engine.streams]
    assert model.engine.max_batch == MOST_IMAGES // model.engine.streams
    model.start()
    try:
        tensor = np.random.default_rng(0).standard_normal((3, 64, 96), np.float32)
        depth = model.batcher.submit(tensor).result(PATIENT_S).depth
    finally:
        model.stop()
    assert depth.shape == (64, 96)
    assert np.isfinite(depth).all()


def test_streams_that_another_run_found_cheaper_are_opened(tmp_path: Path) -> None:
    settings = Settings(cache_dir=tmp_path, infer_threads=2)
    ((artefact, pace),) = paces(settings)
    default = default_choice(pace).batch
    known = known_costs(settings, artefact, pace)
    known.keep(pace.streams, {default: 0.10})
    known.keep(1, {default: 0.05})
    model = LoadingModels(settings).held["midas_small"]
    assert (pace.streams, model.engine.streams) == (2, 1)
