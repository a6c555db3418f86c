from __future__ import annotations

import time
from dataclasses import replace

import pytest

from contract.errors import StorageUnavailable
from contract.ids import new_id
from contract.names.object_keys import job_prefix
from tests.services.memory_store import MemoryStore
from worker.upkeep.sweeper import Sweeper

DAY_S = 86_400


class AgedStore(MemoryStore):
    """A store whose objects are as old as the test says."""

    ages: dict[str, float]

    def __init__(self) -> None:
        super().__init__()
        self.ages = {}

    def list(self, prefix, *, start_after=""):
        for info in super().list(prefix, start_after=start_after):
            yield replace(info, modified_at=time.time() - self.ages.get(info.key, 0))


@pytest.fixture
def store() -> AgedStore:
    return AgedStore()


def job(store: AgedStore, days_old: float, *names: str) -> set[str]:
    from datetime import UTC, datetime, timedelta

    prefix = job_prefix(new_id(datetime.now(UTC) - timedelta(days=days_old)))
    for name in names:
        store.put(prefix + name, b"x", media_type="text/plain")
        store.ages[prefix + name] = days_old * DAY_S
    return {prefix + name for name in names}


def keys(store: AgedStore) -> set[str]:
    return {info.key for info in store.list("")}


def test_only_jobs_past_their_retention_are_removed(store):
    job(store, 9, "input", "depth.png", "result.json")
    young = job(store, 1, "input", "result.json")
    store.put("datasets/x/dataset.json", b"{}", media_type="application/json")
    assert Sweeper(store, 7 * DAY_S, lambda: True).sweep() == 3
    assert keys(store) == young | {"datasets/x/dataset.json"}


def test_a_job_that_was_written_to_lately_is_kept_whole(store):
    old = job(store, 9, "input", "result.json")
    store.ages[next(key for key in old if key.endswith("result.json"))] = 60
    assert Sweeper(store, 7 * DAY_S, lambda: True).sweep() == 0
    assert keys(store) == old


def test_it_sweeps_once_an_hour_and_only_as_leader(store):
    job(store, 9, "input")
    assert Sweeper(store, DAY_S, lambda: False).tick() == 0
    sweeper = Sweeper(store, DAY_S, lambda: True)
    assert sweeper.tick() == 1
    job(store, 9, "input")
    assert sweeper.tick() == 0


@pytest.mark.parametrize("fault", [StorageUnavailable("away"), ValueError("a strange name")])
def test_a_sweep_that_fails_keeps_no_other_from_its_turn(store, monkeypatch, fault):
    swept = []
    sweeper = Sweeper(store, DAY_S, lambda: True, others=lambda: swept.append("datasets") or 3)

    def fail():
        raise fault

    monkeypatch.setattr(sweeper, "sweep", fail)
    assert sweeper.tick() == 3
    assert swept == ["datasets"]
