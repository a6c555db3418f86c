"""Small inputs beside the record: there for one claim, bounded, short-lived, in memory only."""

from __future__ import annotations

import pytest

from contract.names.queues import Lane
from contract.names.redis_keys import input_key, running_key
from storage.jobs.handover import KEPT_S, PLACE_BYTES, Places
from storage.jobs.store import JobStore
from tests.integration.storage.records import make_record

PHOTOGRAPH = bytes(range(256)) * 40


@pytest.fixture
def store(redis):
    return JobStore(redis, 4 * PLACE_BYTES)


def accepted(store, data=PHOTOGRAPH):
    record = make_record()
    assert store.create(record, data)
    return record


def kept(redis):
    return redis.keys(input_key(0).removesuffix("0") + "*")


def test_the_worker_that_claims_a_job_gets_its_input(store, redis):
    claim = store.claim(accepted(store).id, "w", 60)
    assert (claim.outcome, claim.input) == ("taken", PHOTOGRAPH)
    assert kept(redis) == []


def test_the_next_attempt_gets_none(store, redis):
    job_id = accepted(store).id
    store.claim(job_id, "w", 60)
    redis.zadd(running_key(Lane.INTERACTIVE), {job_id: 1.0})
    again = store.claim(job_id, "another", 60)
    assert (again.outcome, again.record.attempt, again.input) == ("taken", 2, None)


def test_a_claim_that_takes_nothing_leaves_the_input_to_the_one_that_does(store, redis):
    job_id = accepted(store).id
    store.cancel(job_id)
    assert store.claim(job_id, "w", 60).input is None
    assert len(kept(redis)) == 1


def test_of_a_group_each_gets_its_own(redis):
    store = JobStore(redis, 1024 * PLACE_BYTES)
    jobs = {accepted(store, data * 9).id: data * 9 for data in (b"a", b"b", b"\xff\x00")}
    claims = store.claim_all([*jobs], "w", 60)
    assert {claim.record.id: claim.input for claim in claims} == jobs


def test_it_waits_for_a_minute_at_most(store, redis):
    accepted(store)
    (key,) = kept(redis)
    assert 0 < redis.ttl(key) <= KEPT_S == 60


def test_there_are_never_more_inputs_than_places_and_the_first_comer_keeps_its_place(store, redis):
    jobs = [accepted(store, b"%04d" % number) for number in range(40)]
    assert len(kept(redis)) == 4
    firsts = {Places(4 * PLACE_BYTES).of(job.id): job.id for job in reversed(jobs)}
    claims = {job.id: store.claim(job.id, "w", 60) for job in jobs}
    assert {claim.outcome for claim in claims.values()} == {"taken"}
    assert {job_id for job_id, claim in claims.items() if claim.input} == {*firsts.values()}
    assert all(
        claim.input in (None, b"%04d" % number) for number, claim in enumerate(claims.values())
    )


def test_a_large_input_has_no_place_nor_has_any_where_there_is_no_room(store, redis):
    accepted(store, bytes(PLACE_BYTES + 1))
    accepted(JobStore(redis))
    assert kept(redis) == []
    accepted(store, bytes(PLACE_BYTES))
    assert len(kept(redis)) == 1


def test_a_redis_that_forgot_the_input_says_that_there_is_none(store, redis):
    job_id = accepted(store).id
    redis.delete(*kept(redis))
    assert store.claim(job_id, "w", 60).input is None


def test_processes_with_other_places_find_none(store, redis):
    # as while the setting is changed
    jobs = [accepted(store).id for _ in range(4)]
    other = JobStore(redis, 1024 * PLACE_BYTES)
    assert [claim.outcome for claim in other.claim_all(jobs, "w", 60)] == ["taken"] * 4


def test_it_never_reaches_the_append_only_file(store, redis, valkey):
    redis.config_set("appendfsync", "always")
    try:
        record = accepted(store, b"a face, to be forgotten")
        store.claim(record.id, "w", 60)
    finally:
        redis.config_set("appendfsync", "everysec")
    log = b"".join(path.read_bytes() for path in valkey.folder.rglob("*.aof"))
    assert record.id.encode() in log
    assert b"a face" not in log
