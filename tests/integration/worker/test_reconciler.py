from __future__ import annotations

import json
import time

import pytest
from redis import Redis

from contract.ids import new_id
from contract.jobs import InputInfo, JobRecord, JobRequest
from contract.names.queues import Lane, queue_name
from contract.names.redis_keys import LEADER_KEY
from storage.broker.view import BrokerView
from storage.fleet.leader import LeaderLock
from storage.jobs.store import JobStore
from worker.upkeep import reconciler
from worker.upkeep.chores import Chore, Led
from worker.upkeep.reconciler import Reconciler


@pytest.fixture(autouse=True)
def no_grace(monkeypatch):
    monkeypatch.setattr(reconciler, "GRACE_S", 0.0)


@pytest.fixture
def jobs(redis: Redis) -> JobStore:
    return JobStore(redis)


@pytest.fixture
def sent() -> list[str]:
    return []


@pytest.fixture
def mender(redis: Redis, jobs: JobStore, sent: list[str]) -> Reconciler:
    def send(job_id: str, lane: Lane, model: str) -> None:
        sent.append(job_id)
        publish(redis, job_id)

    reconciler = Reconciler(jobs, BrokerView(redis), send)
    leads = LeaderLock(redis, LEADER_KEY, 5).acquire_or_renew
    return Led(Chore("reconciling", 0.0, reconciler.run), leads)


def publish(redis: Redis, job_id: str) -> None:
    redis.lpush(queue_name(Lane.INTERACTIVE), json.dumps({"headers": {"id": job_id}, "body": ""}))


def accept(jobs: JobStore) -> str:
    now = time.time()
    request = JobRequest(
        id=new_id(),
        created_at=now - 10,
        expires_at=now + 600,
        input=InputInfo(media_type="image/png", bytes=1, sha256="", width=1, height=1),
    )
    assert jobs.create(JobRecord(request=request))
    return request.id


def test_a_job_with_a_waiting_message_is_left_alone(mender, jobs, redis, sent):
    publish(redis, accept(jobs))
    mender.tick()
    assert sent == []


def test_a_job_whose_message_was_lost_is_sent_again_once(mender, jobs, redis, sent):
    kept, lost = accept(jobs), accept(jobs)
    publish(redis, kept)
    for _ in range(3):
        mender.tick()
    assert sent == [lost]


def test_a_job_of_a_dead_worker_is_sent_again_when_its_lease_ends(mender, jobs, sent):
    job_id = accept(jobs)
    jobs.claim(job_id, "dead", 60)
    mender.tick()
    assert sent == []
    jobs.renew([(job_id, 1)], 0.001)
    time.sleep(0.01)
    for _ in range(3):
        mender.tick()
    assert sent == [job_id]


def test_only_the_leader_mends(mender, jobs, redis, sent):
    accept(jobs)
    LeaderLock(redis, LEADER_KEY, 5).acquire_or_renew()
    assert mender.tick() is None
    assert sent == []


def test_an_unreadable_message_does_not_stop_the_mending(mender, jobs, redis, sent):
    redis.lpush(queue_name(Lane.INTERACTIVE), "not json")
    lost = [accept(jobs), accept(jobs)]
    mender.tick()
    assert sorted(sent) == sorted(lost)


def test_a_redis_that_is_away_is_no_reason_to_fail(mender, valkey):
    valkey.kill()
    assert mender.tick() is None
