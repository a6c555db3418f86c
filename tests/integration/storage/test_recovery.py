"""Jobs come back from the object store alone."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from contract.errors import StorageUnavailable
from contract.ids import new_id
from contract.names.object_keys import REQUEST_METADATA, input_object, output_object, result_object
from contract.names.queues import Lane
from contract.settings import Settings
from contract.states import JobState
from storage.jobs.recovery import job_folders, rebuild, unfinished
from storage.objects.filesystem import FilesystemStore
from storage.objects.open import open_job_store
from storage.objects.s3 import S3Store
from tests.conftest import new_bucket
from tests.integration.storage.records import make_record, make_result
from tests.services.memory_store import MemoryStore


@pytest.fixture(params=["memory", "filesystem", "s3"])
def objects(request, tmp_path):
    if request.param == "memory":
        return MemoryStore()
    if request.param == "filesystem":
        return FilesystemStore(tmp_path / "objects")
    return S3Store.from_settings(request.getfixturevalue("s3").settings(new_bucket()))


def accept(objects, record):
    metadata = {REQUEST_METADATA: record.request.model_dump_json()}
    objects.put(input_object(record.id), b"image", media_type="image/png", metadata=metadata)
    return record


def end(objects, result):
    objects.put(output_object(result.id, "depth", "png"), b"depth", media_type="image/png")
    body = result.model_dump_json().encode()
    objects.put(result_object(result.id), body, media_type="application/json")
    return result


def waiting_since(objects, day):
    """Return the records of unfinished jobs."""
    found = (unfinished(objects, folder) for folder in job_folders(objects, day))
    return [record for record in found if record]


def test_an_accepted_job_is_rebuilt_as_queued_with_all_that_was_asked(objects):
    record = accept(objects, make_record())
    rebuilt = rebuild(objects, record.id)
    assert rebuilt.request == record.request
    assert (rebuilt.state, rebuilt.attempt) == (JobState.QUEUED, 0)
    assert rebuilt.version > 1_000_000, "no client has seen this version before"


@pytest.mark.parametrize("state", [JobState.SUCCEEDED, JobState.FAILED])
def test_an_ended_job_is_rebuilt_with_its_result(objects, state):
    record = accept(objects, make_record())
    result = end(objects, make_result(record.id, 2, state))
    rebuilt = rebuild(objects, record.id)
    assert (rebuilt.state, rebuilt.attempt, rebuilt.result) == (state, 2, result)


def test_there_is_nothing_to_rebuild_without_an_input_that_says_what_was_asked(objects):
    objects.check()
    assert rebuild(objects, new_id()) is None
    silent, lying = new_id(), new_id()
    objects.put(input_object(silent), b"image", media_type="image/png")
    other = make_record().request.model_dump_json()
    for job_id, text in ((lying, other), (new_id(), "{"), (new_id(), "")):
        metadata = {REQUEST_METADATA: text} if text else {}
        objects.put(input_object(job_id), b"image", media_type="image/png", metadata=metadata)
        assert rebuild(objects, job_id) is None
    assert rebuild(objects, silent) is None


@pytest.mark.parametrize("body", [b"", b"{", b'{"id":"x"}'])
def test_an_unreadable_result_lets_the_job_run_again(objects, body):
    record = accept(objects, make_record())
    objects.put(result_object(record.id), body, media_type="application/json")
    assert rebuild(objects, record.id).state is JobState.QUEUED


def test_the_unfinished_jobs_are_found_since_a_day(objects):
    today = datetime.now(UTC)
    ids = [new_id(today) for _ in range(4)]
    old = new_id(datetime(2001, 2, 3, tzinfo=UTC))
    records = {}
    for job_id in [*ids, old]:
        request = make_record().request.model_copy(update={"id": job_id})
        records[job_id] = accept(objects, make_record().model_copy(update={"request": request}))
    end(objects, make_result(ids[0], 1))
    objects.put(output_object(ids[1], "depth", "png"), b"half done", media_type="image/png")
    objects.put("jobs/2999/01/01/stranger/input", b"", media_type="text/plain")
    objects.put("datasets/x/dataset.json", b"{}", media_type="application/json")

    found = {record.id for record in waiting_since(objects, today.date())}
    assert found == set(ids[1:])
    assert {record.id for record in waiting_since(objects, date(2001, 2, 3))} == {*ids[1:], old}


def test_a_wiped_redis_is_filled_again_from_storage(objects, redis, redis_url):
    store = open_job_store(Settings(redis_url=redis_url))
    waiting, ended, running = (accept(objects, make_record(lane=Lane.BULK)) for _ in range(3))
    for record in (waiting, ended, running):
        store.create(record)
    for record in (ended, running):
        store.claim(record.id, "w", 60)
    result = end(objects, make_result(ended.id, 1))
    store.finish(result)
    redis.flushall()

    since = datetime.now(UTC).date().replace(day=1)
    assert all(store.create(record) for record in waiting_since(objects, since))
    assert set(store.queued(Lane.BULK, older_than_s=0, limit=9)) == {waiting.id, running.id}
    assert store.get(ended.id) is None
    assert store.create(rebuild(objects, ended.id))
    assert store.get(ended.id).result == result
    # the worker that ran through the wipe no longer holds its job
    assert store.renew([(running.id, 1)], 60) == {running.id}
    assert not store.finish(make_result(running.id, 1))


def test_an_outage_is_not_taken_for_a_missing_job():
    broken = MemoryStore()

    def fail(key):
        raise StorageUnavailable("down")

    broken.head = fail
    with pytest.raises(StorageUnavailable):
        rebuild(broken, new_id())
