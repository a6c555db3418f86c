"""The record's way from queued to its end, on a real Redis."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from contract.errors import InternalError
from contract.ids import new_id
from contract.names.queues import Lane
from contract.names.redis_keys import KEY_PREFIX, job_key, running_key
from contract.settings import Settings
from contract.states import JobState
from storage.objects.open import open_job_store
from tests.integration.storage.records import make_record, make_result
from tests.waits import wait_until

LANE = Lane.INTERACTIVE


@pytest.fixture
def store(redis_url):
    return open_job_store(Settings(redis_url=redis_url))


def accepted(store, **options):
    record = make_record(**options)
    assert store.create(record)
    return record


def let_lease_end(redis, job_id, lane=LANE):
    redis.zadd(running_key(lane), {job_id: 1.0})


def in_no_index(redis, job_id):
    indices = [key for key in redis.keys(KEY_PREFIX + "*") if redis.type(key) == "zset"]
    return all(redis.zscore(key, job_id) is None for key in indices)


def test_a_created_record_is_read_back_as_it_was_but_for_its_version(store):
    record = accepted(store)
    assert store.get(record.id) == record.model_copy(update={"version": 1})


def test_a_record_is_created_once_and_left_alone_the_second_time(store):
    record = accepted(store)
    store.claim(record.id, "w", 60)
    assert not store.create(record)
    assert store.get(record.id).state is JobState.RUNNING


def test_of_many_creators_of_one_job_one_succeeds(store):
    record = make_record()
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(store.create, [record] * 64))
    assert answers.count(True) == 1


def test_a_record_disappears_when_its_time_is_over(store, redis):
    record = accepted(store, life_s=100)
    assert 0 < redis.ttl(job_key(record.id)) <= 101
    store.claim(record.id, "w", 60)
    store.finish(make_result(record.id, 1))
    assert 0 < redis.ttl(job_key(record.id)) <= 101


def test_an_ended_job_can_be_written_back_with_its_result_and_is_in_no_queue(store, redis):
    record = make_record(state=JobState.FAILED, attempt=2, version=1_700_000_000)
    result = make_result(record.id, 2, JobState.FAILED)
    record = record.model_copy(update={"result": result, "started_at": 3.25})
    assert store.create(record)
    assert store.get(record.id) == record
    assert in_no_index(redis, record.id)
    assert store.claim(record.id, "w", 60).outcome == "ended"


def test_a_claim_counts_the_attempt_and_says_when_it_began(store):
    record = accepted(store)
    claim = store.claim(record.id, "w", 60)
    assert (claim.outcome, claim.crashes) == ("taken", 0)
    assert (claim.record.state, claim.record.attempt) == (JobState.RUNNING, 1)
    assert abs(claim.record.started_at - time.time()) < 60
    assert claim.record == store.get(record.id)


def test_of_many_claims_of_one_job_one_is_taken(store):
    record = accepted(store)
    with ThreadPoolExecutor(16) as pool:
        claims = list(pool.map(lambda n: store.claim(record.id, f"w{n}", 60), range(64)))
    outcomes = [claim.outcome for claim in claims]
    assert (outcomes.count("taken"), outcomes.count("leased")) == (1, 63)
    assert store.get(record.id).attempt == 1


def test_a_job_whose_lease_ended_is_taken_again_and_the_crash_is_counted(store, redis):
    record = accepted(store)
    store.claim(record.id, "w1", 60)
    let_lease_end(redis, record.id)
    claim = store.claim(record.id, "w2", 60)
    assert (claim.outcome, claim.crashes, claim.record.attempt) == ("taken", 1, 2)


def test_claims_of_ended_and_unknown_jobs_say_so(store):
    record = accepted(store)
    store.cancel(record.id)
    assert store.claim(record.id, "w", 60).outcome == "ended"
    unknown = store.claim(new_id(), "w", 60)
    assert (unknown.outcome, unknown.record) == ("unknown", None)


def test_claiming_a_job_whose_record_is_gone_clears_its_place_in_the_queue(store, redis):
    record = accepted(store)
    redis.delete(job_key(record.id))
    assert store.claim(record.id, "w", 60).outcome == "unknown"
    assert in_no_index(redis, record.id)


def test_a_lease_is_renewed_only_for_the_attempt_that_holds_it(store, redis):
    held, taken_over, canceled = accepted(store), accepted(store), accepted(store)
    for record in (held, taken_over, canceled):
        store.claim(record.id, "w1", 60)
    let_lease_end(redis, taken_over.id)
    store.claim(taken_over.id, "w2", 60)
    store.cancel(canceled.id)
    let_lease_end(redis, held.id)
    gone = new_id()

    mine = [(held.id, 1), (taken_over.id, 1), (canceled.id, 1), (gone, 1)]
    assert store.renew(mine, 60) == {taken_over.id, canceled.id, gone}
    assert store.expired_leases(LANE, 10) == []
    assert store.claim(held.id, "w2", 60).outcome == "leased"
    assert redis.zscore(running_key(LANE), canceled.id) is None
    assert store.renew([], 60) == set()


@pytest.mark.parametrize("state", [JobState.SUCCEEDED, JobState.FAILED])
def test_a_finished_job_has_its_result_and_is_in_no_queue(store, redis, state):
    record = accepted(store)
    store.claim(record.id, "w", 60)
    result = make_result(record.id, 1, state)
    assert store.finish(result)
    ended = store.get(record.id)
    assert (ended.state, ended.result) == (state, result)
    assert in_no_index(redis, record.id)


def test_only_the_attempt_that_holds_the_job_may_finish_it(store, redis):
    record = accepted(store)
    assert not store.finish(make_result(record.id, 0)), "no attempt has claimed it"
    store.claim(record.id, "w1", 60)
    let_lease_end(redis, record.id)
    store.claim(record.id, "w2", 60)
    assert not store.finish(make_result(record.id, 1)), "the frozen worker came back too late"
    assert store.finish(make_result(record.id, 2))
    assert store.get(record.id).result.attempt == 2
    assert not store.finish(make_result(record.id, 2, JobState.FAILED)), "it has ended"
    assert not store.finish(make_result(new_id(), 1))
    assert store.get(record.id).state is JobState.SUCCEEDED


def test_a_late_attempt_finishes_if_no_other_took_the_job_meanwhile(store, redis):
    record = accepted(store)
    store.claim(record.id, "w1", 60)
    let_lease_end(redis, record.id)
    assert store.finish(make_result(record.id, 1))


def test_of_many_racing_attempts_one_ends_the_job(store, redis):
    record = accepted(store)

    def attempt(n):
        claim = store.claim(record.id, f"w{n}", 60)
        let_lease_end(redis, record.id)
        if claim.outcome != "taken":
            return False
        return store.finish(make_result(record.id, claim.record.attempt))

    with ThreadPoolExecutor(16) as pool:
        assert sum(pool.map(attempt, range(64))) == 1
    ended = store.get(record.id)
    assert ended.result.attempt == ended.attempt


@pytest.mark.parametrize(("counted", "attempt"), [(True, 1), (False, 0)])
def test_a_released_job_waits_again_at_its_old_place(store, redis, counted, attempt):
    record = accepted(store, age_s=50)
    later = accepted(store)
    store.claim(record.id, "w", 60)
    assert store.release(record.id, 1, counted=counted)
    assert (store.get(record.id).state, store.get(record.id).attempt) == (JobState.QUEUED, attempt)
    assert store.queued(LANE, older_than_s=0, limit=9) == [record.id, later.id]
    assert redis.zscore(running_key(LANE), record.id) is None
    claim = store.claim(record.id, "w", 60)
    assert (claim.crashes, claim.record.attempt) == (0, attempt + 1)


def test_only_the_holder_may_release(store, redis):
    record = accepted(store)
    assert not store.release(record.id, 0, counted=True)
    store.claim(record.id, "w1", 60)
    let_lease_end(redis, record.id)
    store.claim(record.id, "w2", 60)
    assert not store.release(record.id, 1, counted=False)
    store.finish(make_result(record.id, 2))
    assert not store.release(record.id, 2, counted=True)


@pytest.mark.parametrize("claimed", [False, True])
def test_a_canceled_job_stays_canceled(store, redis, claimed):
    record = accepted(store)
    if claimed:
        store.claim(record.id, "w", 60)
    assert store.cancel(record.id) is JobState.CANCELED
    assert not store.finish(make_result(record.id, 1))
    assert not store.release(record.id, 1, counted=True)
    assert store.cancel(record.id) is JobState.CANCELED
    ended = store.get(record.id)
    assert (ended.state, ended.result.state) == (JobState.CANCELED, JobState.CANCELED)
    assert (ended.result.id, ended.result.attempt) == (record.id, int(claimed))
    assert abs(ended.result.finished_at - time.time()) < 60
    assert in_no_index(redis, record.id)


def test_cancel_leaves_ended_jobs_alone_and_knows_no_foreign_ones(store):
    record = accepted(store)
    store.claim(record.id, "w", 60)
    store.finish(make_result(record.id, 1))
    assert store.cancel(record.id) is JobState.SUCCEEDED
    assert store.cancel(new_id()) is None


def test_only_a_queued_job_expires(store, redis):
    waiting, running = accepted(store), accepted(store)
    store.claim(running.id, "w", 60)
    assert store.expire(waiting.id)
    assert not store.expire(waiting.id)
    assert not store.expire(running.id)
    assert not store.expire(new_id())
    assert store.get(waiting.id).state is JobState.EXPIRED
    assert in_no_index(redis, waiting.id)


def test_cancel_finish_and_expire_racing_leave_one_end(store):
    for _ in range(20):
        record = accepted(store)
        store.claim(record.id, "w", 60)
        with ThreadPoolExecutor(3) as pool:
            finished = pool.submit(store.finish, make_result(record.id, 1))
            canceled = pool.submit(store.cancel, record.id)
            pool.submit(store.expire, record.id)
        ended = store.get(record.id)
        assert ended.state is canceled.result()
        assert (ended.state is JobState.SUCCEEDED) == finished.result()


def test_a_deleted_job_leaves_nothing(store, redis):
    record = accepted(store, lane=Lane.BULK)
    store.quarantine(record.id)
    store.delete(record.id)
    store.delete(record.id)
    assert store.get(record.id) is None
    assert redis.keys(KEY_PREFIX + "*") == []


def test_every_change_raises_the_version(store, redis):
    record = accepted(store)
    seen = [store.get(record.id).version]
    steps = [
        lambda: store.claim(record.id, "w", 60),
        lambda: store.release(record.id, 1, counted=False),
        lambda: store.claim(record.id, "w", 60),
        lambda: store.finish(make_result(record.id, 1)),
    ]
    for step in steps:
        step()
        seen.append(store.get(record.id).version)
    assert seen == sorted(set(seen))
    store.cancel(record.id)
    assert store.get(record.id).version == seen[-1], "nothing changed"


def test_a_worker_whose_clock_is_wrong_breaks_no_lease(store, monkeypatch):
    record = accepted(store)
    store.claim(record.id, "w1", 60)
    monkeypatch.setattr(time, "time", lambda: 4e9)
    assert store.claim(record.id, "w2", 60).outcome == "leased"
    assert store.expired_leases(LANE, 10) == []


def test_a_lease_ends_by_itself(store):
    record = accepted(store)
    store.claim(record.id, "w1", 0.05)
    wait_until(lambda: store.expired_leases(LANE, 10) == [record.id], "the lease is over")


@pytest.mark.parametrize("call", ["create", "claim", "finish", "release"])
def test_a_call_repeated_after_a_lost_reply_acts_and_answers_as_one(
    store, redis, call, monkeypatch
):
    """The client library sends a command again when the connection broke before the reply came."""
    run = store._scripts.run
    monkeypatch.setattr(store._scripts, "run", lambda *args: (run(*args), run(*args))[1])
    record = make_record()
    assert store.create(record)
    if call == "create":
        assert store.get(record.id).version == 1
        return
    claim = store.claim(record.id, "w", 60)
    assert (claim.outcome, claim.record.attempt, claim.crashes) == ("taken", 1, 0)
    if call == "finish":
        assert store.finish(make_result(record.id, 1))
    if call == "release":
        # Given a release whose repetition arrives after the next worker claimed the same number
        monkeypatch.undo()
        arguments = []
        monkeypatch.setattr(store._scripts, "run", lambda *a: arguments.append(a) or run(*a))
        assert store.release(record.id, 1, counted=False)
        assert store.claim(record.id, "w2", 60).record.attempt == 1
        run(*arguments[0])
        assert store.get(record.id).state is JobState.RUNNING


def test_a_broken_script_is_our_fault_not_an_outage(store, redis):
    record = make_record()
    redis.set(job_key(record.id), "not a hash")
    with pytest.raises(InternalError):
        store.claim(record.id, "w", 60)
