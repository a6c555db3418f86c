"""What callers see while Redis is killed, frozen, full or read-only, and that it passes."""

from __future__ import annotations

import pytest
from redis.connection import AbstractConnection

from contract.errors import StorageUnavailable
from contract.ids import new_id
from contract.names.queues import Lane
from contract.names.redis_keys import LEADER_KEY
from contract.settings import Settings
from contract.states import JobState
from storage.broker.view import BrokerView
from storage.fleet.leader import LeaderLock
from storage.fleet.workers import WorkerInfo, WorkerRegistry
from storage.jobs.store import JobStore
from storage.ledger.connection import open_redis
from tests.integration.storage.records import make_record, make_result

LANE = Lane.INTERACTIVE


@pytest.fixture
def client(redis_url):
    with open_redis(Settings(redis_url=redis_url)) as client:
        yield client


@pytest.fixture
def store(client):
    return JobStore(client)


def every_read(store, client):
    return [
        lambda: store.get(new_id()),
        lambda: store.backlog(LANE),
        lambda: store.position(new_id(), LANE),
        lambda: store.queued(LANE, older_than_s=0, limit=1),
        lambda: store.expired_leases(LANE, 1),
        store.quarantined,
        WorkerRegistry(client).live,
        lambda: BrokerView(client).length(LANE),
        lambda: BrokerView(client).waiting_ids(LANE),
    ]


def every_write(store, client):
    registry = WorkerRegistry(client)
    info = WorkerInfo(name="w", lane=LANE, pid=1, host="h", started_at=0.0)
    return [
        lambda: store.create(make_record()),
        lambda: store.remember("d", new_id(), "f", 60),
        lambda: store.quarantine(new_id()),
        lambda: registry.announce(info, 60),
        LeaderLock(client, LEADER_KEY, 5).acquire_or_renew,
    ]


def test_every_call_says_so_when_redis_is_gone_and_works_again_when_it_is_back(
    store, client, valkey
):
    valkey.sync_every_write()
    record = make_record()
    store.create(record)
    valkey.kill()
    for call in every_read(store, client) + every_write(store, client):
        with pytest.raises(StorageUnavailable):
            call()
    for call in (
        lambda: store.claim(record.id, "w", 60),
        lambda: store.renew([(record.id, 1)], 60),
        lambda: store.finish(make_result(record.id, 1)),
        lambda: store.release(record.id, 1, counted=True),
        lambda: store.cancel(record.id),
        lambda: store.expire(record.id),
        lambda: store.delete(record.id),
        lambda: store.unquarantine(record.id),
        lambda: WorkerRegistry(client).withdraw("w"),
        LeaderLock(client, LEADER_KEY, 5).resign,
    ):
        with pytest.raises(StorageUnavailable):
            call()
    valkey.start()
    assert store.get(record.id).state is JobState.QUEUED
    assert store.claim(record.id, "w", 60).outcome == "taken"


def test_a_frozen_redis_costs_one_read_timeout_not_a_multiple(store, valkey, monkeypatch):
    store.backlog(LANE)
    waits, read = [], AbstractConnection.read_response

    def counted(connection, *args, **options):
        waits.append(connection.socket_timeout)
        return read(connection, *args, **options)

    monkeypatch.setattr(AbstractConnection, "read_response", counted)
    valkey.freeze()
    try:
        with pytest.raises(StorageUnavailable):
            store.get(new_id())
    finally:
        valkey.thaw()
    assert waits == [5.0]


def test_a_full_redis_refuses_new_jobs_but_lets_the_accepted_ones_end(store, client, redis):
    finished, canceled, deleted = (make_record() for _ in range(3))
    for record in (finished, canceled, deleted):
        store.create(record)
    store.claim(finished.id, "w", 60)
    redis.config_set("maxmemory", "1mb")
    try:
        for call in every_write(store, client):
            with pytest.raises(StorageUnavailable):
                call()
        with pytest.raises(StorageUnavailable):
            store.claim(canceled.id, "w", 60)
        assert store.finish(make_result(finished.id, 1))
        assert store.cancel(canceled.id) is JobState.CANCELED
        store.delete(deleted.id)
    finally:
        redis.config_set("maxmemory", "0")
    assert store.get(finished.id).result is not None
    assert store.get(canceled.id).attempt == 0


def test_a_read_only_redis_is_an_outage(store, client, redis, valkey):
    redis.replicaof("127.0.0.1", str(valkey.port + 1 if valkey.port < 65000 else 1))
    try:
        for call in every_write(store, client):
            with pytest.raises(StorageUnavailable):
                call()
    finally:
        redis.replicaof("NO", "ONE")


def test_scripts_are_sent_again_after_redis_forgot_them(store, redis):
    record = make_record()
    store.create(record)
    redis.script_flush()
    assert store.claim(record.id, "w", 60).outcome == "taken"
