"""Many files: bounded, each with one outcome, and an end when the service is gone."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest

from client.batch import FileRequest, run_batch
from client.depth_client import DepthClient
from client.errors import ServiceUnreachable
from client.job import Job
from client.local.ports import any_free
from client.wire.retries import RetryPolicy
from contract.errors import InternalError, UnsupportedMediaType
from contract.ids import new_id
from contract.states import JobState
from tests.waits import PATIENT_S

PATHS = [Path(f"{number}.jpg") for number in range(20)]


class Scripted(DepthClient):
    """Submits nothing; notes how many submissions are under way."""

    def __init__(self, fails: dict[str, Exception] | None = None) -> None:
        super().__init__()
        self.fails = fails or {}
        self.under_way = self.most = 0
        self.lock = threading.Lock()

    def submit(self, image, **options):
        with self.lock:
            self.under_way += 1
            self.most = max(self.most, self.under_way)
        time.sleep(0.005)
        with self.lock:
            self.under_way -= 1
        if image.name in self.fails:
            raise self.fails[image.name]
        job_id = new_id()
        return Job(job_id, JobState.QUEUED, {"id": job_id})


def test_every_file_has_one_outcome_and_few_are_under_way():
    client = Scripted()
    outcomes = list(run_batch(client, PATHS, FileRequest(), in_flight=3))
    assert sorted(outcome.path for outcome in outcomes) == sorted(PATHS)
    assert client.most <= 3


def test_a_failing_file_fails_alone_even_by_a_fault_of_ours():
    client = Scripted({"3.jpg": UnsupportedMediaType("no"), "5.jpg": KeyError("oops")})
    errors = {o.path.name: o.error for o in run_batch(client, PATHS, FileRequest(), 4) if o.error}
    assert errors.keys() == {"3.jpg", "5.jpg"}
    assert isinstance(errors["3.jpg"], UnsupportedMediaType)
    assert isinstance(errors["5.jpg"], InternalError)


def test_a_service_that_is_gone_ends_the_batch():
    url = f"http://127.0.0.1:{any_free()}"
    with DepthClient(url, retries=RetryPolicy(attempts=1)) as client:
        outcomes = list(run_batch(client, [Path(__file__)] * 50, FileRequest(), in_flight=2))
    assert 1 <= len(outcomes) <= 4
    assert all(isinstance(outcome.error, ServiceUnreachable) for outcome in outcomes)


def test_an_empty_batch_is_over_at_once():
    assert list(run_batch(Scripted(), [], FileRequest(), in_flight=2)) == []


def test_a_file_that_vanished_is_that_files_failure(tmp_path):
    with DepthClient() as client:
        (outcome,) = run_batch(client, [tmp_path / "gone.jpg"], FileRequest(), 1)
    assert outcome.error is not None
    assert "gone.jpg" in outcome.error.message


@pytest.fixture(autouse=True)
def no_threads_left():
    before = set(threading.enumerate())  # other tests' daemons are not ours to wait for
    yield
    for thread in set(threading.enumerate()) - before:
        thread.join(PATIENT_S)
        assert not thread.is_alive()
