"""Who waits, who runs, who is overdue; idempotency keys; quarantine."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from contract.ids import new_id
from contract.names.queues import Lane
from contract.names.redis_keys import idempotency_key
from contract.settings import Settings
from storage.objects.open import open_job_store
from tests.integration.storage.records import make_record, make_result

LANE = Lane.INTERACTIVE


@pytest.fixture
def store(redis_url):
    return open_job_store(Settings(redis_url=redis_url))


def accepted(store, **options):
    record = make_record(**options)
    assert store.create(record)
    return record.id


def test_the_queue_is_in_order_of_acceptance_by_lane(store):
    young, old, middle = (accepted(store, age_s=age) for age in (10, 30, 20))
    bulk = accepted(store, lane=Lane.BULK)
    assert store.queued(LANE, older_than_s=0, limit=10) == [old, middle, young]
    assert store.queued(LANE, older_than_s=15, limit=10) == [old, middle]
    assert store.queued(LANE, older_than_s=0, limit=1) == [old]
    assert store.queued(Lane.BULK, older_than_s=0, limit=10) == [bulk]
    assert [store.position(job, LANE) for job in (old, middle, young)] == [0, 1, 2]
    assert store.position(bulk, LANE) is None


def test_a_job_from_a_clock_that_runs_ahead_is_as_old_as_its_arrival(store):
    job = accepted(store, age_s=-3600)
    assert store.queued(LANE, older_than_s=0, limit=10) == [job]


def test_a_claimed_job_has_no_position(store):
    job = accepted(store)
    store.claim(job, "w", 60)
    assert store.position(job, LANE) is None


def test_the_backlog_counts_and_tells_the_oldest_age(store):
    empty = store.backlog(LANE)
    assert (empty.queued, empty.running, empty.oldest_age_s) == (0, 0, 0.0)
    accepted(store, age_s=100)
    accepted(store, age_s=10)
    running = accepted(store)
    accepted(store, lane=Lane.BULK)
    store.claim(running, "w", 60)
    backlog = store.backlog(LANE)
    assert (backlog.queued, backlog.running) == (2, 1)
    assert 100 <= backlog.oldest_age_s < 160
    store.finish(make_result(running, 1))
    assert store.backlog(LANE).running == 0


def test_overdue_jobs_are_listed_by_lane_and_no_others(store, redis):
    first, second, held = (accepted(store, lane=Lane.BULK) for _ in range(3))
    for job in (first, second, held):
        store.claim(job, "w", 60)
    redis.zadd("depthq:running:bulk", {first: 1.0, second: 2.0})
    assert store.expired_leases(Lane.BULK, 10) == [first, second]
    assert store.expired_leases(Lane.BULK, 1) == [first]
    assert store.expired_leases(LANE, 10) == []


def test_poisoned_jobs_are_set_aside_and_taken_back(store):
    first, second = new_id(), new_id()
    store.quarantine(first)
    store.quarantine(second)
    assert store.quarantined() == [first, second]
    assert store.unquarantine(first)
    assert not store.unquarantine(first)
    assert store.quarantined() == [second]


def test_the_first_job_holds_an_idempotency_key_for_its_time(store, redis):
    assert store.remember("digest", "job-1", "print-1", 100) == ("job-1", "print-1")
    assert store.remember("digest", "job-2", "print-2", 900) == ("job-1", "print-1")
    assert store.remember("other", "job-2", "print-2", 100) == ("job-2", "print-2")
    assert 0 < redis.ttl(idempotency_key("digest")) <= 100


def test_of_many_requests_with_one_idempotency_key_all_get_one_job(store):
    with ThreadPoolExecutor(16) as pool:
        held = set(pool.map(lambda n: store.remember("d", f"job-{n}", "print", 60), range(64)))
    assert len(held) == 1


def test_the_ledger_is_the_same_after_a_hard_kill_of_redis(store, valkey):
    valkey.sync_every_write()
    job = accepted(store)
    store.claim(job, "w", 60)
    before = store.get(job)
    valkey.kill()
    valkey.start()
    assert store.get(job) == before
    assert store.claim(job, "w2", 60).outcome == "leased"
    assert store.finish(make_result(job, 1))
