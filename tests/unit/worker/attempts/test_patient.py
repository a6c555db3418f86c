from __future__ import annotations

import io

import pytest

from contract.errors import NotFound, StorageUnavailable
from tests.services.memory_store import MemoryStore
from worker.attempts.patience import Patience
from worker.attempts.patient import PatientLedger, PatientObjects, retried


class Flaky:
    """A store of which every first call of a kind fails, and a listing after two keys."""

    def __init__(self):
        self.store, self.calls, self.deleted = MemoryStore(), [], []

    def __getattr__(self, name):
        def call(*args, **options):
            self.calls.append(name)
            if self.calls.count(name) == 1:
                raise StorageUnavailable("away")
            return getattr(self.store, name)(*args, **options)

        return call

    def list(self, prefix, *, start_after=""):
        self.calls.append(f"list after {start_after!r}")
        for count, info in enumerate(self.store.list(prefix, start_after=start_after)):
            if count == 2:
                raise StorageUnavailable("away")
            yield info


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch):
    monkeypatch.setattr("worker.attempts.patience.FIRST_PAUSE_S", 0.001)


@pytest.fixture
def flaky():
    return Flaky()


@pytest.fixture
def patient(flaky):
    return PatientObjects(flaky, Patience(5.0))


def test_what_is_written_read_and_removed_waits_for_the_store(flaky, patient):
    patient.put("a/b", io.BytesIO(b"data"), media_type="text/plain", metadata={"made-by": "me"})
    assert patient.head("a/b").metadata == {"made-by": "me"}
    assert patient.get("a/b") == b"data"
    patient.delete(iter(["a/b"]))
    with pytest.raises(NotFound):
        patient.get("a/b")
    patient.check()
    assert flaky.calls == [
        *("put", "put", "head", "head", "get", "get"),
        *("delete", "delete", "get", "check", "check"),
    ]


def test_a_listing_continues_after_its_last_key(flaky, patient):
    for number in range(5):
        flaky.store.put(f"a/{number}", b"", media_type="text/plain")
    listed = [info.key for info in patient.list("a/", start_after="a/")]
    assert listed == ["a/0", "a/1", "a/2", "a/3", "a/4"]
    assert flaky.calls == ["list after 'a/'", "list after 'a/1'", "list after 'a/3'"]


def test_a_stream_is_opened_once(flaky, patient):
    with pytest.raises(StorageUnavailable):
        patient.open("a/b")
    assert flaky.calls == ["open"]


def test_a_stopping_worker_gives_up_at_the_next_failure(flaky):
    patience = Patience(600)
    patient = PatientObjects(flaky, patience)
    patience.stop()
    with pytest.raises(StorageUnavailable):
        patient.get("a/b")
    assert flaky.calls == ["get"]


def test_the_calls_of_a_step_wait_and_the_others_are_not_there():
    ledger = PatientLedger(Flaky(), Patience(5.0))
    waiting = {name for name in vars(ledger) if not name.startswith("_")}
    assert waiting == {
        *("claim", "get", "mark", "release", "plan_progress"),
        *("planned", "shard_done", "finalized", "refuse"),
    }


def test_a_retried_call_gets_the_same_arguments_every_time():
    given = []

    def call(*args, **options):
        given.append((args, options))
        if len(given) < 3:
            raise StorageUnavailable("away")
        return len(given)

    assert retried(Patience(5.0), call)("step", counted=True) == 3
    assert given == [(("step",), {"counted": True})] * 3
