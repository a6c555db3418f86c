from __future__ import annotations

import time
from dataclasses import replace

import pytest

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
    assert Sweeper(store, 7 * DAY_S).sweep() == 3
    assert keys(store) == young | {"datasets/x/dataset.json"}


def test_a_job_that_was_written_to_lately_is_kept_whole(store):
    old = job(store, 9, "input", "result.json")
    store.ages[next(key for key in old if key.endswith("result.json"))] = 60
    assert Sweeper(store, 7 * DAY_S).sweep() == 0
    assert keys(store) == old
