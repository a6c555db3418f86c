"""A record's message goes out with the record: once, after it, and never without it."""

from __future__ import annotations

import json

import pytest

from api.dispatch import CeleryDispatch
from contract.models.declaration import DEFAULT_MODEL
from contract.names.queues import Lane
from contract.names.redis_keys import job_key
from contract.settings import Settings
from storage.broker.inbox import Inbox
from storage.broker.outbox import Outbox
from storage.jobs.ledger import AlreadyOver
from storage.jobs.letter import Letter
from storage.jobs.store import JobStore
from tests.integration.storage.records import make_record

QUEUE = "depthq.interactive"


@pytest.fixture
def store(redis):
    return JobStore(redis)


@pytest.fixture
def dispatch(redis, redis_url):
    return CeleryDispatch(Settings(redis_url=redis_url), Outbox(redis))


def letter_of(dispatch, record):
    return dispatch.letter(record.id, Lane.INTERACTIVE, DEFAULT_MODEL)


def test_a_worker_takes_a_job_whose_message_came_with_its_record(store, dispatch, redis):
    record = make_record()
    assert store.create(record, b"", letter_of(dispatch, record))
    assert Inbox(redis, [QUEUE]).take(8) == [record.id]
    assert store.claim(record.id, "w", 60).outcome == "taken"


def test_the_message_is_the_one_that_is_sent_alone(store, dispatch, redis):
    record = make_record()
    store.create(record, b"", letter_of(dispatch, record))
    dispatch.enqueue(record.id, Lane.INTERACTIVE, DEFAULT_MODEL)
    alone, along = (json.loads(text) for text in redis.lrange(QUEUE, 0, -1))
    for message in (alone, along):
        del message["properties"]["delivery_tag"]  # each has its own
    assert along == alone


def test_record_and_message_are_one_round_trip(store, dispatch, redis):
    record = make_record()
    letter = letter_of(dispatch, record)
    store.create(make_record(), b"", letter_of(dispatch, make_record()))  # loads the script
    before = redis.info("stats")["total_reads_processed"]
    store.create(record, b"", letter)
    after = redis.info("stats")["total_reads_processed"]
    assert after - before == 2  # the other is INFO itself


def test_a_record_that_exists_sends_no_second_message(store, dispatch, redis):
    record = make_record()
    assert store.create(record, b"", letter_of(dispatch, record))
    assert not store.create(record, b"", letter_of(dispatch, record))
    assert redis.llen(QUEUE) == 1


def test_a_call_that_is_sent_again_sends_no_second_message(store, dispatch, redis, monkeypatch):
    monkeypatch.setattr("storage.jobs.ledger.new_tag", lambda: "same")
    record = make_record()
    assert store.create(record, b"", letter_of(dispatch, record))
    assert store.create(record, b"", letter_of(dispatch, record))
    assert redis.llen(QUEUE) == 1


def test_a_record_that_is_over_already_sends_no_message(store, dispatch, redis):
    record = make_record(life_s=-5)
    with pytest.raises(AlreadyOver):
        store.create(record, b"", letter_of(dispatch, record))
    assert redis.llen(QUEUE) == 0


def test_a_queue_that_refuses_the_message_leaves_the_record_to_the_reconciler(store, redis):
    redis.set(QUEUE, "not a list")
    record = make_record()
    assert store.create(record, b"", Letter(QUEUE, "message"))
    assert redis.hget(job_key(record.id), "state") == "queued"


def test_a_restarted_server_gets_script_record_and_message(store, dispatch, redis):
    redis.script_flush()
    record = make_record()
    assert store.create(record, b"", letter_of(dispatch, record))
    assert Inbox(redis, [QUEUE]).take(8) == [record.id]


def test_a_new_record_s_state_is_read_once(store, redis):
    store.create(make_record())  # loads the script
    before = redis.info("commandstats")["cmdstat_hget"]["calls"]
    store.create(make_record())
    assert redis.info("commandstats")["cmdstat_hget"]["calls"] - before == 1
