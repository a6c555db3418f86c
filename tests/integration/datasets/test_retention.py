from __future__ import annotations

import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from redis import Redis

from contract.ids import new_id
from contract.names.object_keys import run_list_object, run_object
from contract.runs import DatasetSpec, RunRequest
from storage.runs.files import RunObjects
from storage.runs.store import RunStore
from tests.services.memory_store import MemoryStore
from worker.upkeep import run_sweeper as retention
from worker.upkeep.run_sweeper import RunRetention

DAY_S = 86_400


class AgedStore(MemoryStore):
    """A store whose objects are as old as the day in their dataset's id, unless said otherwise."""

    def __init__(self) -> None:
        super().__init__()
        self.ages_s: dict[str, float] = {}

    def head(self, key):
        return self._aged(super().head(key))

    def list(self, prefix, *, start_after=""):
        return map(self._aged, super().list(prefix, start_after=start_after))

    def _aged(self, info):
        return replace(info, modified_at=time.time() - self.ages_s.get(info.key, 0))


@pytest.fixture
def store() -> AgedStore:
    return AgedStore()


@pytest.fixture
def sweeper(store, redis: Redis, monkeypatch) -> RunRetention:
    monkeypatch.setattr(retention, "AT_ONCE", 3)
    return RunRetention(store, RunStore(redis), 7 * DAY_S)


def dataset(store: AgedStore, days_old: float, *names: str) -> set[str]:
    dataset_id = new_id(datetime.now(UTC) - timedelta(days=days_old))
    keys = {run_object(dataset_id, name) for name in names}
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


def test_what_was_refused_is_removed_too(store, sweeper):
    dataset(store, 9, "archive", "dataset.json", "refused.json")
    assert sweeper.sweep() == 2
    assert kept(store) == set()


def test_an_upload_that_never_became_a_dataset_is_removed_when_it_is_old(store, sweeper):
    dataset(store, 9, "archive")
    [touched] = dataset(store, 9, "archive")
    store.ages_s[touched] = 60
    assert sweeper.sweep() == 1
    assert kept(store) == {touched}


@pytest.mark.parametrize("dry_run", [True, False])
def test_a_dry_run_is_removed_and_a_dataset_that_waits_is_not(store, sweeper, dry_run):
    # Given a request from long ago without an end
    [key] = dataset(store, 9, "dataset.json")
    request = RunRequest(
        id=key.split("/")[1],
        created_at=0.0,
        spec=DatasetSpec(prefix="s3://photos/"),
        dry_run=dry_run,
    )
    RunObjects(store).write_request(request)
    # Then only runs without a due webhook are removed
    assert sweeper.sweep() == int(dry_run)


def test_a_dataset_that_runs_again_is_kept_however_old_its_last_end_is(store, sweeper):
    # Given two that ended long ago, of which one is being run again since a minute
    running = dataset(store, 9, "dataset.json", "summary.json", "retries/000001.json")
    store.ages_s[next(key for key in running if "retries" in key)] = 60
    ended = dataset(store, 9, "dataset.json", "summary.json", "retries/000001.json")
    store.ages_s[next(key for key in ended if "retries" in key)] = 10 * DAY_S
    # Then the other alone is removed
    assert sweeper.sweep() == 2
    assert kept(store) == running


def test_its_place_in_the_list_goes_too(store, sweeper):
    keys = dataset(store, 9, "dataset.json", "summary.json")
    request = RunRequest(
        id=next(iter(keys)).split("/")[1], created_at=5.0, spec=DatasetSpec(prefix="s3://photos/")
    )
    entry = run_list_object(None, 5.0, request.id)
    RunObjects(store).write_request(request)
    store.put(entry, b"", media_type="text/plain")
    assert sweeper.sweep() == 1
    assert kept(store) == set()
