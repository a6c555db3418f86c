"""The feed of changed jobs."""

from __future__ import annotations

import threading
from itertools import islice

import pytest

from contract.settings import Settings
from contract.states import JobState
from storage.jobs.endings import MOST_BYTES, record_after
from storage.jobs.store import JobStore
from storage.ledger.connection import open_redis
from tests.integration.storage.records import make_record, make_result
from tests.waits import PATIENT_S, wait_until


@pytest.fixture
def store(redis_url):
    with open_redis(Settings(redis_url=redis_url)) as client:
        yield JobStore(client)


class Listener:
    """Collects what a feed says, in a thread of its own."""

    def __init__(self, feed):
        self._feed = feed
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._listen)
        self.heard: list[str] = []

    def _listen(self):
        with self._feed() as changes:
            for change in changes:
                self.heard.append(change)
                if self._stop.is_set():
                    return

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        self._thread.join(PATIENT_S)
        assert not self._thread.is_alive()


def subscribers(redis, channel="changes"):
    return redis.pubsub_numsub(f"depthq:{channel}")[0][1]


def subject(message):
    return message.partition("\n")[0]


def test_every_change_of_a_job_is_received(store, redis):
    with Listener(store.changes) as listener:
        wait_until(lambda: subscribers(redis) == 1, "there is a subscriber")
        record = make_record()
        store.create(record)
        store.claim(record.id, "w", 60)
        store.release(record.id, 1, counted=False)
        store.claim(record.id, "w", 60)
        store.finish(make_result(record.id, 1))
        store.delete(record.id)
        wait_until(lambda: listener.heard.count(record.id) == 6, "six changes are heard")


def test_subscribers_of_endings_receive_endings_only(store, redis):
    with Listener(store.endings) as listener:
        wait_until(lambda: subscribers(redis, "endings") == 1, "there is a subscriber")
        ends, canceled, still_open = make_record(), make_record(), make_record()
        for record in (ends, canceled, still_open):
            store.create(record)
            store.claim(record.id, "w", 60)
        store.release(still_open.id, 1, counted=False)
        store.finish(make_result(ends.id, 1))
        store.cancel(canceled.id)
        store.delete(ends.id)
        told = [ends.id, canceled.id, ends.id]
        wait_until(lambda: [*map(subject, filter(None, listener.heard))] == told, "three endings")


@pytest.mark.parametrize("way", ["finish", "cancel", "expire"])
def test_an_end_says_what_the_record_became(store, redis, way):
    record = make_record()
    with Listener(store.endings) as listener:
        wait_until(lambda: subscribers(redis, "endings") == 1, "somebody listens")
        store.create(record)
        if way == "finish":
            store.claim(record.id, "w", 60)
            store.finish(make_result(record.id, 1, JobState.FAILED))
        else:
            getattr(store, way)(record.id)
        wait_until(lambda: any(listener.heard), "the end is heard")
    (said,) = filter(None, listener.heard)
    assert record_after(record, said) == store.get(record.id)


def test_a_deleted_job_and_a_long_result_are_told_by_their_id_alone(store, redis):
    long, deleted = make_record(), make_record()
    result = make_result(long.id, 1, JobState.FAILED)
    error = result.error.model_copy(update={"message": MOST_BYTES * "x"})
    with Listener(store.endings) as listener:
        wait_until(lambda: subscribers(redis, "endings") == 1, "somebody listens")
        for record in (long, deleted):
            store.create(record)
            store.claim(record.id, "w", 60)
        store.finish(result.model_copy(update={"error": error}))
        store.delete(deleted.id)
        wait_until(lambda: [*filter(None, listener.heard)] == [long.id, deleted.id], "two ids")


def test_a_listener_of_an_older_version_hears_the_id_and_a_newer_one_hears_it_too(store, redis):
    record = make_record()
    with Listener(store.endings) as newer, redis.pubsub(ignore_subscribe_messages=True) as older:
        wait_until(lambda: subscribers(redis, "endings") == 1, "somebody listens")
        older.subscribe("depthq:endings")
        wait_until(lambda: subscribers(redis, "endings") == 2, "another listens")
        store.create(record)
        store.cancel(record.id)
        wait_until(lambda: len([*filter(None, newer.heard)]) == 2, "it is heard on both channels")
        message = next(filter(None, iter(lambda: older.get_message(timeout=1), "")))
    assert message["data"] == record.id
    said, again = filter(None, newer.heard)
    assert (subject(said), again) == (record.id, record.id)
    assert said != again


def test_a_server_that_does_not_say_who_listens_is_told_everything(store, redis):
    redis.execute_command("ACL", "SETUSER", "default", "-pubsub|numsub")
    record = make_record()
    try:
        with Listener(store.endings) as listener:
            wait_until(lambda: redis.info("clients")["pubsub_clients"] == 1, "somebody listens")
            store.create(record)
            store.cancel(record.id)
            wait_until(lambda: listener.heard.count(record.id) == 1, "the id is heard")
    finally:
        redis.execute_command("ACL", "SETUSER", "default", "+@all")


def test_a_feed_with_nothing_to_say_beats(store):
    with store.changes() as changes:
        assert list(islice(changes, 2)) == ["", ""]


def test_the_feed_survives_the_loss_of_its_connection(store, redis):
    with Listener(store.changes) as listener:
        wait_until(lambda: subscribers(redis) == 1, "there is a subscriber")
        redis.execute_command("CLIENT", "KILL", "TYPE", "pubsub")
        wait_until(lambda: subscribers(redis) == 1, "there is a subscriber again")
        record = make_record()
        store.create(record)
        wait_until(lambda: record.id in listener.heard, "the change is heard")


def test_the_feed_beats_while_redis_is_away_and_goes_on_when_it_is_back(store, redis, valkey):
    with Listener(store.changes) as listener:
        wait_until(lambda: subscribers(redis) == 1, "there is a subscriber")
        valkey.kill()
        before = len(listener.heard)
        wait_until(lambda: len(listener.heard) >= before + 2, "the feed beats")
        valkey.start()
        with valkey.client() as client:
            wait_until(lambda: subscribers(client) == 1, "there is a subscriber again")
        record = make_record()
        store.create(record)
        wait_until(lambda: record.id in listener.heard, "the change is heard")


def test_a_silent_connection_is_given_up_and_made_again(store, redis, valkey, monkeypatch, caplog):
    monkeypatch.setattr("storage.ledger.changes.SILENCE_S", 0.1)
    with Listener(store.changes) as listener:
        wait_until(lambda: subscribers(redis) == 1, "there is a subscriber")
        valkey.freeze()
        wait_until(lambda: "change feed lost Redis" in caplog.text, "the silence is noticed")
        valkey.thaw()
        created = []

        def heard_one():
            # Redis may count the old subscription for a while, so the first may still be missed
            record = make_record()
            store.create(record)
            created.append(record.id)
            return any(job_id in listener.heard for job_id in created)

        wait_until(heard_one, "a change is heard")


def test_a_quiet_but_living_connection_is_kept(store, redis, monkeypatch, caplog):
    monkeypatch.setattr("storage.ledger.changes.SILENCE_S", 1.0)
    with store.changes() as changes:
        assert set(islice(changes, 6)) == {""}
    assert "lost" not in caplog.text


def test_after_a_pause_of_its_own_it_asks_before_it_gives_up(store, redis, monkeypatch, caplog):
    # as after SIGSTOP and SIGCONT: the first look finds that nothing was heard for very long
    monkeypatch.setattr("storage.ledger.changes.SILENCE_S", 0.3)
    with store.changes() as changes:
        assert set(islice(changes, 3)) == {""}
    assert "lost" not in caplog.text
