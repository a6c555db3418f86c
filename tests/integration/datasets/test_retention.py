from __future__ import annotations

import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from redis import Redis

from contract.ids import new_id
from contract.names import dataset_object
from storage.datasets import DatasetStore
from storage.memory import MemoryStore
from worker.datasets import retention
from worker.datasets.retention import DatasetRetention

DAY_S = 86_400


class AgedStore(MemoryStore):
    """A store whose objects are as old as the day in their dataset's id, unless said otherwise."""

    def __init__(self) -> None:
        super().__init__()
        self.ages_s: dict[str, float] = {}

    def head(self, key):
        return replace(super().head(key), modified_at=time.time() - self.ages_s.get(key, 0))


@pytest.fixture
def store() -> AgedStore:
    return AgedStore()


@pytest.fixture
def sweeper(store, redis: Redis, monkeypatch) -> DatasetRetention:
    monkeypatch.setattr(retention, "AT_ONCE", 3)
    return DatasetRetention(store, DatasetStore(redis), 7 * DAY_S)


def dataset(store: AgedStore, days_old: float, *names: str) -> set[str]:
    dataset_id = new_id(datetime.now(UTC) - timedelta(days=days_old))
    keys = {dataset_object(dataset_id, name) for name in names}
    for key in keys:
        store.put(key, b"x", media_type="text/plain")
        store.ages_s[key] = days_old * DAY_S
    return keys


def kept(store: AgedStore) -> set[str]:
    return {info.key for info in store.list("")}


def test_only_datasets_that_ended_long_ago_are_removed(store, sweeper):
    outputs = [f"outputs/{number}/depth.png" for number in range(7)]
    dataset(store, 9, "dataset.json", "summary.json", *outputs)
    dataset(store, 8, "dataset.json", "canceled.json")
    running = dataset(store, 9, "dataset.json", "shards/000000.jsonl")
    young = dataset(store, 1, "dataset.json", "summary.json")
    store.put("jobs/x", b"x", media_type="text/plain")

    assert sweeper.sweep() == 8 + 1
    assert kept(store) == running | young | {"jobs/x"}


def test_a_dataset_retried_lately_is_kept(store, sweeper):
    keys = dataset(store, 9, "dataset.json", "summary.json")
    store.ages_s[next(key for key in keys if key.endswith("summary.json"))] = 60
    assert sweeper.sweep() == 0
    assert kept(store) == keys
