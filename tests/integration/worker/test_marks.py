"""What only Redis knew of ended jobs comes back from the names of empty objects."""

from __future__ import annotations

import time

import pytest

from contract.errors import Poisoned
from contract.ids import new_id
from contract.jobs import InputInfo, JobError, JobRequest, JobResult
from contract.names.object_keys import (
    REQUEST_METADATA,
    idempotency_mark,
    input_object,
    job_prefix,
    poisoned_mark,
    webhook_mark,
)
from contract.options import JobOptions
from contract.states import JobState
from storage.callers.idempotency import IDEMPOTENCY_TTL_S
from storage.jobs.store import JobStore
from storage.ledger.webhooks import WebhookQueue
from storage.objects.marks import clear_mark, set_mark
from tests.services.memory_store import MemoryStore
from worker.jobs.outcome import store_results
from worker.upkeep.restore import restore_jobs

HOOK = "https://good.example/hook"


class CountingStore(MemoryStore):
    """Counts what is read of single objects."""

    reads = 0

    def get(self, key):
        self.reads += 1
        return super().get(key)

    def head(self, key):
        self.reads += 1
        return super().head(key)


@pytest.fixture
def jobs(redis):
    return JobStore(redis)


@pytest.fixture
def webhooks(redis):
    return WebhookQueue(redis)


@pytest.fixture
def objects():
    return CountingStore()


@pytest.fixture
def restore(objects, jobs, webhooks):
    return lambda: restore_jobs(objects, jobs, webhooks, lambda job_id, lane: None, 1)


def ended(objects, code="", expires_in_s=600.0):
    """Write an input and a result as API and worker do, and nothing to Redis."""
    now = time.time()
    request = JobRequest(
        id=new_id(),
        created_at=now,
        expires_at=now + expires_in_s,
        options=JobOptions(webhook_url=HOOK),
        input=InputInfo(media_type="image/png", bytes=1, sha256="", width=1, height=1),
    )
    metadata = {REQUEST_METADATA: request.model_dump_json(exclude_none=True)}
    objects.put(input_object(request.id), b"x", media_type="image/png", metadata=metadata)
    error = JobError(code=code, message="so it is", retryable=False) if code else None
    state = JobState.FAILED if code else JobState.SUCCEEDED
    result = JobResult(id=request.id, state=state, attempt=1, finished_at=now, error=error)
    store_results(objects, [result])
    return request.id


def bound(jobs, digest):
    """Return what the key stands for, by asking for another job."""
    return jobs.remember(digest, "another", "other", 60)


def test_a_finished_job_without_marks_costs_no_read(objects, restore):
    for _ in range(20):
        set_mark(objects, idempotency_mark(job_prefix(ended(objects)), new_id(), "f"))
    assert restore()["unfinished"] == 0
    assert objects.reads == 0


def test_the_keys_of_the_last_day_stand_for_their_jobs_again(objects, jobs, redis, restore):
    keys = {f"d{number}": ended(objects) for number in range(3)}
    for digest, job_id in keys.items():
        set_mark(objects, idempotency_mark(job_prefix(job_id), digest, "f"))
    restore()
    assert {digest: bound(jobs, digest)[0] for digest in keys} == keys
    assert bound(jobs, "d0")[1] == "f"
    left = redis.ttl("depthq:idempotency:d0")
    assert IDEMPOTENCY_TTL_S - 60 < left <= IDEMPOTENCY_TTL_S


def test_more_keys_than_fit_one_round_trip_all_come_back(objects, jobs, restore, monkeypatch):
    monkeypatch.setattr("worker.upkeep.marks.AT_ONCE", 2)
    keys = {f"d{number}": ended(objects) for number in range(5)}
    for digest, job_id in keys.items():
        set_mark(objects, idempotency_mark(job_prefix(job_id), digest, "f"))
    restore()
    assert {digest: bound(jobs, digest)[0] for digest in keys} == keys


def test_a_key_that_was_bound_anew_meanwhile_or_is_too_old_stays_as_it_is(
    objects, jobs, restore, monkeypatch
):
    taken, old = ended(objects), ended(objects)
    set_mark(objects, idempotency_mark(job_prefix(taken), "taken", "f"))
    jobs.remember("taken", "younger", "f", 60)
    now = time.time()
    set_mark(objects, idempotency_mark(job_prefix(old), "old", "f"))
    monkeypatch.setattr("worker.upkeep.marks.IDEMPOTENCY_TTL_S", time.time() - now)
    restore()
    assert bound(jobs, "taken")[0] == "younger"
    assert bound(jobs, "old")[0] == "another"


def test_a_deleted_job_leaves_no_key_behind(objects, jobs, restore):
    job_id = ended(objects)
    set_mark(objects, idempotency_mark(job_prefix(job_id), "d", "f"))
    objects.delete([input_object(job_id)])  # the first step of a DELETE
    restore()
    assert bound(jobs, "d")[0] == "another"


def test_a_call_that_is_still_owed_is_due_again_and_has_its_record(
    objects, jobs, webhooks, restore
):
    owed, told = ended(objects), ended(objects)
    for job_id in (owed, told):
        set_mark(objects, webhook_mark(job_id))
    clear_mark(objects, webhook_mark(told))
    expired = ended(objects, expires_in_s=-1)
    set_mark(objects, webhook_mark(expired))
    restore()
    assert webhooks.due(time.time() + 1) == [owed]
    assert jobs.get(owed).state is JobState.SUCCEEDED


def test_a_call_that_redis_still_knows_is_not_made_sooner(objects, webhooks, restore):
    job_id = ended(objects)
    set_mark(objects, webhook_mark(job_id))
    webhooks.schedule(job_id, time.time() + 600)
    restore()
    assert webhooks.due(time.time() + 60) == []


def test_what_was_set_aside_is_so_again_unless_another_attempt_ended_it(objects, jobs, restore):
    poisoned, mended = ended(objects, Poisoned.code), ended(objects)
    for job_id in (poisoned, mended):
        set_mark(objects, poisoned_mark(job_id))
    restore()
    assert jobs.quarantined() == [poisoned]


def test_a_mark_that_cannot_be_removed_is_no_error(objects):
    from contract.errors import StorageUnavailable

    def fail(keys):
        raise StorageUnavailable("down")

    objects.delete = fail
    clear_mark(objects, webhook_mark(new_id()))
