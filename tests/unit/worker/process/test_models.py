"""The models of a process load in a thread of their own, beside what else is built."""

from __future__ import annotations

import threading

import pytest

from contract.settings import Settings
from worker.compute.held_model import HeldModel
from worker.engines.protocol import EngineError
from worker.process.models import LoadingModels

SIMULATED = Settings(engine="simulated", simulation=True)


def test_they_load_while_the_caller_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    go_on, threads = threading.Event(), list[str]()

    def load(_model: HeldModel) -> None:
        assert go_on.wait(10)
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
