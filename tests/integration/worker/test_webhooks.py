"""Webhooks through a real Redis; the outside world is a list of answers."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time

import pytest
from redis import Redis

from contract.errors import InvalidRequest, UrlForbidden
from contract.ids import new_id
from contract.jobs import InputInfo, JobRecord, JobRequest, JobResult
from contract.names.object_keys import webhook_mark
from contract.names.redis_keys import WEBHOOK_TRIES_KEY
from contract.options import JobOptions
from contract.states import JobState
from outbound.http import Answer, GuardedClient
from storage.jobs.store import JobStore
from storage.ledger.webhooks import WebhookQueue
from storage.objects.marks import set_mark
from tests.services.memory_store import MemoryStore
from tests.waits import PATIENT_S
from worker.upkeep.webhooks import PAUSES_S, Webhooks, secret_key

KEY = bytes(range(32))
SECRET = "whsec_" + base64.b64encode(KEY).decode()


class Outside:
    """Answers calls with the statuses it was given, 200 after those, and keeps the calls."""

    def __init__(self) -> None:
        self.answers: list[int | Exception] = []
        self.calls: list[tuple[str, bytes, dict[str, str]]] = []

    def post(self, url, body, headers) -> Answer:
        self.calls.append((url, body, headers))
        answer = self.answers.pop(0) if self.answers else 200
        if isinstance(answer, Exception):
            raise answer
        return Answer(answer, {}, b"")


@pytest.fixture
def jobs(redis: Redis) -> JobStore:
    return JobStore(redis)


@pytest.fixture
def queue(redis: Redis) -> WebhookQueue:
    return WebhookQueue(redis)


@pytest.fixture
def outside() -> Outside:
    return Outside()


@pytest.fixture
def objects() -> MemoryStore:
    return MemoryStore()


@pytest.fixture
def webhooks(jobs, queue, outside, objects) -> Webhooks:
    return Webhooks(jobs, queue, outside, secret_key(SECRET), objects)


def tell(webhooks: Webhooks) -> None:
    """Make the calls that are due, to their ends."""
    for line in webhooks.run():
        line.join(PATIENT_S)
        assert not line.is_alive()


def ended_job(
    jobs: JobStore,
    queue: WebhookQueue,
    *,
    finished: bool = True,
    owner: str | None = None,
    url: str = "https://good.example/hook",
) -> str:
    now = time.time()
    request = JobRequest(
        id=new_id(),
        created_at=now,
        expires_at=now + 600,
        owner=owner,
        options=JobOptions(webhook_url=url),
        input=InputInfo(media_type="image/png", bytes=1, sha256="", width=1, height=1),
    )
    jobs.create(JobRecord(request=request))
    jobs.claim(request.id, "w", 60)
    queue.schedule(request.id, now)
    if finished:
        result = JobResult(id=request.id, state=JobState.SUCCEEDED, attempt=1, finished_at=now)
        assert jobs.finish(result)
    return request.id


def make_due(redis: Redis, job_id: str) -> None:
    from contract.names.redis_keys import WEBHOOKS_KEY

    assert redis.zscore(WEBHOOKS_KEY, job_id) is not None
    redis.zadd(WEBHOOKS_KEY, {job_id: 0})


def test_the_end_of_a_job_is_told_once_and_signed(webhooks, jobs, queue, outside):
    job_id = ended_job(jobs, queue)
    tell(webhooks)
    tell(webhooks)
    [(url, body, headers)] = outside.calls
    assert url == "https://good.example/hook"
    assert json.loads(body)["type"] == "job.succeeded"
    assert json.loads(body)["data"]["id"] == job_id
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    expected = base64.b64encode(hmac.new(KEY, signed, hashlib.sha256).digest()).decode()
    assert headers["webhook-signature"] == f"v1,{expected}"


@pytest.mark.parametrize("failure", [500, 302, 404, 0, UrlForbidden("inside")])
def test_every_failure_is_tried_again_later_under_the_same_id(
    webhooks, jobs, queue, outside, redis, failure
):
    job_id = ended_job(jobs, queue)
    outside.answers = [failure]
    tell(webhooks)
    tell(webhooks)  # not due yet
    assert len(outside.calls) == 1
    make_due(redis, job_id)
    tell(webhooks)
    assert len(outside.calls) == 2
    assert queue.due(time.time() + 1e9) == []
    assert len({headers["webhook-id"] for _, _, headers in outside.calls}) == 1


def test_a_call_that_always_fails_is_given_up_in_the_end(webhooks, jobs, queue, outside, redis):
    job_id = ended_job(jobs, queue)
    outside.answers = [500] * 100
    for _ in PAUSES_S:
        tell(webhooks)
        make_due(redis, job_id)
    tell(webhooks)
    assert queue.due(time.time() + 1e9) == []
    assert len(outside.calls) == len(PAUSES_S) + 1


def test_a_job_that_has_not_ended_is_not_told(webhooks, jobs, queue, outside):
    ended_job(jobs, queue, finished=False)
    tell(webhooks)
    assert outside.calls == []
    assert queue.due(time.time() + 5) != []


def test_a_receiver_that_is_gone_is_not_called_again(webhooks, jobs, queue, outside):
    ended_job(jobs, queue)
    outside.answers = [410]
    tell(webhooks)
    assert queue.due(time.time() + 1e9) == []


@pytest.mark.parametrize("status", [200, 410, 500])
def test_an_end_that_comes_while_the_one_before_is_told_is_told_too(
    webhooks, jobs, queue, objects, redis, monkeypatch, status
):
    # Given a call on its last try, in the middle of which the next end is scheduled
    job_id = ended_job(jobs, queue)
    redis.hset(WEBHOOK_TRIES_KEY, job_id, len(PAUSES_S))
    set_mark(objects, webhook_mark(job_id))
    later = time.time() + 0.5

    def post(_call):
        queue.schedule(job_id, later)
        return status

    monkeypatch.setattr(webhooks, "_post", post)
    # When it is taken, or given up
    tell(webhooks)
    # Then the next one is still due, with all its tries, and marked in storage
    assert queue.due(later) == [job_id]
    assert not redis.hexists(WEBHOOK_TRIES_KEY, job_id)
    assert objects.get(webhook_mark(job_id)) == b""


@pytest.mark.parametrize("answers", [[], [410], [500] * 100])
def test_the_mark_in_storage_goes_when_nothing_is_owed_any_more(
    webhooks, jobs, queue, outside, redis, objects, answers
):
    # Given a job whose end is owed, also in storage
    job_id = ended_job(jobs, queue)
    set_mark(objects, webhook_mark(job_id))
    outside.answers = answers
    # When it is told, not wanted, or given up; and only then
    while queue.due(time.time() + 1e9):
        assert [info.key for info in objects.list("")] == [webhook_mark(job_id)]
        make_due(redis, job_id)
        tell(webhooks)
    # Then there is no mark
    assert list(objects.list("")) == []


def test_an_internal_address_is_never_called(jobs, queue):
    job_id = ended_job(jobs, queue)
    door = GuardedClient(locate=lambda *_: (_ for _ in ()).throw(UrlForbidden("inside")))
    tell(Webhooks(jobs, queue, door, KEY, MemoryStore()))
    assert queue.due(time.time()) == []
    assert queue.due(time.time() + 60) == [job_id]


@pytest.mark.parametrize("secret", ["whsec_short", "whsec_!!!", "whsec_" + "A" * 400])
def test_a_useless_secret_is_refused(secret):
    with pytest.raises(InvalidRequest):
        secret_key(secret)
