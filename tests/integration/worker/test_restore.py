"""The leader compares a new Redis with storage by itself, once, and lets everything finish."""

from __future__ import annotations

import time

import pytest

from contract.errors import StorageUnavailable
from contract.ids import new_id
from contract.jobs import InputInfo, JobRequest
from contract.names.object_keys import REQUEST_METADATA, input_object, result_object
from contract.states import JobState
from storage.jobs.store import JobStore
from storage.ledger.incarnation import Incarnation
from storage.ledger.webhooks import WebhookQueue
from tests.services.memory_store import MemoryStore
from worker.upkeep.restore import Restorer, restore_jobs


@pytest.fixture
def jobs(redis):
    return JobStore(redis)


@pytest.fixture
def objects():
    return MemoryStore()


@pytest.fixture
def sent():
    return []


@pytest.fixture
def restorer(redis, jobs, objects, sent):
    def send(job_id, lane, model):
        sent.append(job_id)

    return Restorer(
        Incarnation(redis),
        (lambda: restore_jobs(objects, jobs, WebhookQueue(redis), send, 1),),
    )


def keep(objects, expires_in_s=600.0):
    """Write an input as the API does, and nothing to Redis."""
    now = time.time()
    request = JobRequest(
        id=new_id(),
        created_at=now,
        expires_at=now + expires_in_s,
        input=InputInfo(media_type="image/png", bytes=1, sha256="", width=1, height=1),
    )
    metadata = {REQUEST_METADATA: request.model_dump_json(exclude_none=True)}
    objects.put(input_object(request.id), b"x", media_type="image/png", metadata=metadata)
    return request.id


def test_what_redis_does_not_know_is_rebuilt_and_sent_once(restorer, jobs, objects, sent):
    lost = {keep(objects) for _ in range(3)}
    assert restorer.run()
    assert set(sent) == lost
    assert {jobs.get(job_id).state for job_id in lost} == {JobState.QUEUED}
    assert not restorer.run()
    assert len(sent) == 3


def test_a_wipe_in_mid_life_is_noticed(restorer, redis, objects, sent):
    restorer.run()
    lost = keep(objects)
    assert not restorer.run(), "Redis is the same: no reason to look"
    redis.flushall()
    assert restorer.run()
    assert sent == [lost]


def test_ended_known_and_expired_jobs_are_left_alone(restorer, jobs, objects, sent):
    ended, expired = keep(objects), keep(objects, expires_in_s=-1)
    objects.put(result_object(ended), b'{"id": "x"', media_type="application/json")
    restorer.run()
    assert sent == []
    assert jobs.get(expired) is None


def test_a_job_deleted_meanwhile_does_not_come_back(redis, jobs, objects, sent):
    doomed = keep(objects)
    create = jobs.create

    def create_late(record):
        objects.delete([input_object(doomed)])  # the first step of a DELETE
        return create(record)

    jobs.create = create_late
    restore_jobs(objects, jobs, WebhookQueue(redis), lambda job_id, lane: sent.append(job_id), 1)
    assert sent == []
    assert jobs.get(doomed) is None


def test_a_comparison_that_is_cut_short_begins_again(redis):
    outages = [StorageUnavailable("gone")]
    done = []

    def step():
        if outages:
            raise outages.pop()
        done.append(True)
        return {}

    restorer = Restorer(Incarnation(redis), (step,))
    with pytest.raises(StorageUnavailable):
        restorer.run()
    assert restorer.run()
    assert done == [True]
