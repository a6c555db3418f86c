"""The worker of the benchmarks that measure everything but the engine."""

from __future__ import annotations

import pytest

from benchmarks.sleepy_worker import set_image_time
from contract.settings import Settings
from worker.engines import factory
from worker.engines.simulated import SimulatedEngine


def test_its_engine_sleeps_as_long_as_it_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(factory._ENGINES, "simulated", factory._ENGINES["simulated"])
    set_image_time(0.25)
    engine = factory.open_engine(Settings(engine="simulated", simulation=True))
    assert isinstance(engine, SimulatedEngine)
    assert (engine._batch_s, engine._image_s) == (0.0, 0.25)
