"""Live workers, the leader among reconcilers, and the messages that wait."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor

import pytest
from kombu import Connection

from contract.names.queues import Lane, queue_name
from contract.names.redis_keys import LEADER_KEY, WORKERS_KEY, worker_key
from contract.settings import Settings
from storage.broker.view import BrokerView
from storage.fleet.leader import LeaderLock
from storage.fleet.workers import WorkerInfo, WorkerRegistry
from storage.ledger.connection import open_redis
from tests.waits import wait_until


@pytest.fixture
def client(redis_url):
    with open_redis(Settings(redis_url=redis_url)) as client:
        yield client


def make_worker(name, **others):
    return WorkerInfo(name=name, lane=Lane.BULK, pid=1, host="h", started_at=1.5, **others)


def test_a_worker_lives_as_long_as_it_says_so(client, redis):
    registry = WorkerRegistry(client)
    assert registry.live() == []
    first, second = make_worker("a", busy=1, ready=True), make_worker("b")
    registry.announce(second, 60)
    registry.announce(first, 60)
    assert registry.live() == [first, second]
    registry.announce(first.model_copy(update={"busy": 2}), 60)
    assert registry.live()[0].busy == 2
    assert 0 < redis.ttl(worker_key("a")) <= 60


def test_a_silent_worker_is_forgotten_and_one_that_leaves_is_gone_at_once(client, redis):
    registry = WorkerRegistry(client)
    for name in ("silent", "leaving", "alive"):
        registry.announce(make_worker(name), 60)
    registry.withdraw("leaving")
    redis.delete(worker_key("silent"))
    assert registry.live() == [make_worker("alive")]
    assert redis.smembers(WORKERS_KEY) == {"alive"}


def test_one_process_leads_until_it_resigns(client):
    first, second = (LeaderLock(client, LEADER_KEY, 60) for _ in range(2))
    assert first.acquire_or_renew()
    assert first.acquire_or_renew()
    assert not second.acquire_or_renew()
    second.resign()
    assert not second.acquire_or_renew(), "only the leader can resign"
    first.resign()
    assert second.acquire_or_renew()


def test_of_many_candidates_one_leads(client):
    locks = [LeaderLock(client, LEADER_KEY, 60) for _ in range(32)]
    with ThreadPoolExecutor(16) as pool:
        assert sum(pool.map(LeaderLock.acquire_or_renew, locks)) == 1


def test_a_silent_leader_is_followed_by_another(client):
    assert LeaderLock(client, LEADER_KEY, 0.05).acquire_or_renew()
    second = LeaderLock(client, LEADER_KEY, 60)
    wait_until(second.acquire_or_renew, "the second leads")


def test_the_messages_that_celery_left_waiting_are_seen_by_their_ids(client, redis_url):
    queue = queue_name(Lane.INTERACTIVE)
    with Connection(redis_url) as connection, connection.SimpleQueue(queue) as sender:
        for number in range(1203):  # more than two pages
            sender.put({}, headers={"id": f"job-{number}"})
        view = BrokerView(client)
        assert view.length(Lane.INTERACTIVE) == 1203
        assert view.waiting_ids(Lane.INTERACTIVE) == {f"job-{n}" for n in range(1203)}
        assert view.waiting_ids(Lane.BULK) == set()


@pytest.mark.parametrize("junk", ["junk", "\x00\xff", "[]", "{}", json.dumps({"headers": None})])
def test_junk_in_the_queue_hides_no_message(client, redis, junk):
    redis.lpush(queue_name(Lane.BULK), junk, json.dumps({"headers": {"id": "job"}}))
    redis.lpush(queue_name(Lane.BULK), b"\xff\xfe")
    assert BrokerView(client).waiting_ids(Lane.BULK) == {"job"}
