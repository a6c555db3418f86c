"""Who reads a dataset while the sweeper removes it gets all of it, or that it is gone."""

from __future__ import annotations

from contextlib import suppress

import pytest

from contract.errors import NotFound, StorageUnavailable
from contract.names.object_keys import RUN_REQUEST, run_object, run_prefix
from tests.integration.api.test_datasets import bucket, document, run, submit  # noqa: F401
from worker.upkeep.run_sweeper import RunRetention

SOON_S = -60.0  # a retention by which everything has expired


@pytest.fixture
def api(make_api, bucket):  # noqa: F811
    return make_api(dataset_buckets=("photos",))


def read(api, made) -> list[object]:
    """Return what each reader gets: the whole, or `gone`."""
    found: list[object] = []
    for url in (made.links.self, made.links.errors, made.links.results):
        with api.client.get(url, buffered=False) as answer:
            if answer.status_code != 200:
                found.append(("gone", answer.status_code, answer.json["code"]))
                continue
            try:
                found.append(b"".join(answer.iter_encoded()))
            except NotFound:  # the answer breaks off, and does not look whole
                found.append("broken off")
    return found


def breaking_off(delete, present, after: int):
    """Delete `after` objects that are there, then fail."""
    left = [after]

    def deleted(keys) -> None:
        for key in keys:
            if key in present():
                if not left[0]:
                    raise StorageUnavailable("as asked")
                left[0] -= 1
            delete([key])

    return deleted


GONE = [("gone", 404, "not_found")] * 3


def test_a_removal_that_breaks_off_anywhere_leaves_nothing_half_readable(api, monkeypatch):
    # Given a dataset that has expired, and a store that fails after every single delete
    made = document(submit(api, options={"outputs": ["depth"]}))
    run(api, made.id)
    whole, store = read(api, made), api.parts.objects
    assert whole[2].count(b"\n") == 2
    sweeper, seen = RunRetention(store, api.parts.datasets, SOON_S), []
    objects = len(api.kept())
    while api.kept():
        with monkeypatch.context() as patch, suppress(StorageUnavailable):
            patch.setattr(store, "delete", breaking_off(store.delete, api.kept, 1))
            sweeper.sweep()
        seen.append(read(api, made))
    # Then after its place in the list it is gone at once, and no reader gets a part of it
    assert len(seen) == objects > 6
    assert seen == [whole] + [GONE] * (objects - 1)
    assert api.client.get("/v1/datasets").json["datasets"] == []


def test_between_request_and_record_results_break_off_and_the_next_sweep_goes_on(api, monkeypatch):
    made = document(submit(api))
    run(api, made.id)
    whole = read(api, made)

    def fail(_: str) -> None:
        raise StorageUnavailable("as asked")

    with monkeypatch.context() as patch:
        patch.setattr(api.parts.datasets, "delete", fail)
        sweeper = RunRetention(api.parts.objects, api.parts.datasets, SOON_S)
        with pytest.raises(StorageUnavailable):
            sweeper.sweep()
    assert run_object(made.id, RUN_REQUEST) not in api.kept()
    assert read(api, made) == [whole[0], whole[1], "broken off"]
    RunRetention(api.parts.objects, api.parts.datasets, SOON_S).sweep()
    assert read(api, made) == GONE
    assert [key for key in api.kept() if key.startswith(run_prefix(made.id))] == []
