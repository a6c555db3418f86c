"""The models of a process load in a thread of their own, beside what else is built."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path

import pytest

from contract.models.midas_small import MODEL
from contract.names.queues import Lane
from contract.settings import Settings
from tests.waits import PATIENT_S
from worker.compute.batch_choice import Choice
from worker.compute.held_model import HeldModel
from worker.compute.pace import Pace, pace_of
from worker.engines.protocol import EngineError
from worker.process.models import LoadingModels, default_choice, fitting_of, known_costs
from worker.weights.resolve import Artefact, bundled

SIMULATED = Settings(engine="simulated", simulation=True)


def test_they_load_while_the_caller_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    go_on, threads = threading.Event(), list[str]()

    def load(_model: HeldModel) -> None:
        assert go_on.wait(PATIENT_S)
        threads.append(threading.current_thread().name)

    monkeypatch.setattr(HeldModel, "load", load)
    loading = LoadingModels(SIMULATED)
    loading.begin()
    assert list(loading.held) == ["midas_small"]  # known at once, though not loaded
    assert not threads
    go_on.set()
    loading.wait()
    assert threads == ["models_0"]


def test_waiting_begins_what_was_not_begun(monkeypatch: pytest.MonkeyPatch) -> None:
    loaded: list[HeldModel] = []
    monkeypatch.setattr(HeldModel, "load", lambda model: loaded.append(model))
    LoadingModels(SIMULATED).wait()
    assert [model.spec.name for model in loaded] == ["midas_small"]


def test_what_fails_to_load_is_said_to_the_one_who_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    def load(_model: HeldModel) -> None:
        raise EngineError("no such instruction")

    monkeypatch.setattr(HeldModel, "load", load)
    loading = LoadingModels(SIMULATED)
    loading.begin()
    with pytest.raises(EngineError, match="no such instruction"):
        loading.wait()


def test_a_batcher_yields_as_the_lane_that_comes_later_says() -> None:
    loading = LoadingModels(SIMULATED)
    batcher = loading.held["midas_small"].batcher
    assert not batcher._yielding()
    loading.yielding = lambda: True
    assert batcher._yielding()


def pace_and_artefact() -> tuple[Artefact, Pace]:
    return bundled(), pace_of(MODEL, Settings(), threads=2, streams=2, alone=True)


def test_batches_are_fitted_where_nothing_else_says_how_large_they_are(tmp_path: Path) -> None:
    artefact, pace = pace_and_artefact()
    assert fitting_of(Settings(cache_dir=tmp_path), artefact, pace) is not None
    assert fitting_of(Settings(cache_dir=tmp_path, max_batch=8), artefact, pace) is None
    assert fitting_of(Settings(cache_dir=tmp_path, infer_streams=2), artefact, pace) is None
    assert fitting_of(Settings(cache_dir=tmp_path, engine="onnxruntime"), artefact, pace) is None
    slow = replace(pace, slots=2)
    assert fitting_of(Settings(cache_dir=tmp_path), artefact, slow) is None


@pytest.mark.parametrize(
    ("streams", "most", "batch"), [(1, 8, 4), (2, 8, 2), (4, 8, 2), (8, 8, 1), (1, 3, 3), (2, 1, 1)]
)
def test_four_images_at_once_are_usual_and_two_of_each_stream(
    streams: int, most: int, batch: int
) -> None:
    _, pace = pace_and_artefact()
    assert default_choice(replace(pace, streams=streams, max_batch=most)) == Choice(streams, batch)


def test_costs_belong_to_a_processor_weights_and_threads(tmp_path: Path) -> None:
    artefact, pace = pace_and_artefact()
    settings = Settings(cache_dir=tmp_path)
    known_costs(settings, artefact, pace).keep(2, {4: 0.1})
    assert known_costs(settings, artefact, pace).read() == {2: {4: 0.1}}
    assert known_costs(settings, artefact, replace(pace, threads=3)).read() == {}
    assert known_costs(settings, replace(artefact, weights_id="other"), pace).read() == {}


def test_only_an_interactive_worker_whose_engine_has_streams_computes_one_image_by_all_threads(
    tmp_path: Path,
) -> None:
    two = Settings(cache_dir=tmp_path, infer_threads=2, infer_streams=2)
    model = LoadingModels(two, Lane.INTERACTIVE).held["midas_small"]
    assert (model.engine.streams, model.engine.max_batch) == (2, 4)
    assert model.wide is not None
    assert (model.wide.streams, model.wide.max_batch) == (1, 1)
    assert LoadingModels(two, Lane.BULK).held["midas_small"].wide is None
    one = Settings(cache_dir=tmp_path, infer_threads=2, infer_streams=1)
    assert LoadingModels(one, Lane.INTERACTIVE).held["midas_small"].wide is None
    assert LoadingModels(SIMULATED, Lane.INTERACTIVE).held["midas_small"].wide is None
