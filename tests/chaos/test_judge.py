"""The check of invariants finds each kind of damage."""

from __future__ import annotations

import hashlib
import time

import pytest

from contract.ids import new_id
from contract.jobs import JobResult, OutputInfo
from contract.names.object_keys import input_object, job_prefix, result_object
from contract.states import JobState
from tests.chaos.images import Image
from tests.chaos.invariants import judge
from tests.chaos.ledger import Ledger
from tests.services.memory_store import MemoryStore

DEPTH = b"the depth"
DIGEST = hashlib.sha256(DEPTH).hexdigest()
IMAGES = {"cat": Image("cat", b"a cat", {"depth.png": DIGEST}), "bomb": Image("bomb", b"!", {})}


@pytest.fixture
def store():
    return MemoryStore()


@pytest.fixture
def ledger(tmp_path):
    return Ledger(tmp_path / "ledger")


def finished(store, ledger, image="cat", state=JobState.SUCCEEDED, attempt=1):
    job_id = new_id()
    info = OutputInfo(
        key="k", media_type="image/png", width=1, height=1, bytes=len(DEPTH), sha256=DIGEST
    )
    outputs = {"depth": info} if state is JobState.SUCCEEDED else {}
    result = JobResult(
        id=job_id, state=state, attempt=attempt, finished_at=time.time(), outputs=outputs
    )
    put(store, input_object(job_id), IMAGES[image].data)
    if outputs:
        put(store, job_prefix(job_id) + "depth.png", DEPTH)
    put(store, result_object(job_id), result.model_dump_json().encode())
    ledger.note(job_id, image)
    return job_id


def put(store, key, data):
    store.put(key, data, media_type="x/y")


def counts(store, ledger):
    verdict = judge(store, ledger.accepted(), IMAGES)
    return verdict.lost, verdict.duplicated, verdict.wrong, verdict.repeated


def test_good_results_and_expected_failures_are_acquitted(store, ledger):
    finished(store, ledger, attempt=2)
    finished(store, ledger, "bomb", JobState.FAILED)
    assert counts(store, ledger) == (0, 0, 0, 1)


def test_a_job_without_a_result_is_lost(store, ledger):
    store.delete([result_object(finished(store, ledger))])
    assert counts(store, ledger)[0] == 1


def test_a_file_that_differs_or_is_missing_is_wrong(store, ledger):
    put(store, job_prefix(finished(store, ledger)) + "depth.png", b"another")
    store.delete([job_prefix(finished(store, ledger)) + "depth.png"])
    assert counts(store, ledger)[2] == 2


def test_a_file_too_many_is_a_duplicate(store, ledger):
    put(store, job_prefix(finished(store, ledger)) + "depth-2.png", DEPTH)
    assert counts(store, ledger)[1] == 1


def test_an_id_given_to_two_submissions_is_a_duplicate(store, ledger):
    ledger.note(finished(store, ledger), "cat")
    assert counts(store, ledger)[1] == 1


def test_a_good_image_that_failed_and_a_bad_one_that_did_not_are_wrong(store, ledger):
    finished(store, ledger, "cat", JobState.FAILED)
    finished(store, ledger, "bomb", JobState.SUCCEEDED)
    assert counts(store, ledger)[2] == 2
