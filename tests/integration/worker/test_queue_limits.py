"""The transport leaves a queue alone while enough messages of a task are in hand."""

from __future__ import annotations

import time

import pytest
from kombu import Connection, Consumer, Queue
from kombu.transport import redis as kombu_redis

from storage.broker.celery_transport import LOOK_AGAIN_S, TRANSPORT
from tests.waits import PATIENT_S

LIMITS = {"queue_limits": {"shards": ("shard", 2)}}


class Hands:
    """Consumes both queues and holds what comes."""

    def __init__(self, connection):
        self._connection = connection
        self.held = []

    def take(self, count):
        deadline = time.monotonic() + PATIENT_S
        while len(self.held) < count and time.monotonic() < deadline:
            self.look()
        return [message.payload for message in self.held]

    def look(self):
        try:
            self._connection.drain_events(timeout=0.3)
        except TimeoutError:
            return

    def got(self, _body, message):
        self.held.append(message)


@pytest.fixture
def connection(redis_url):
    with Connection(redis_url, transport=TRANSPORT, transport_options=LIMITS) as connection:
        yield connection


@pytest.fixture
def hands(connection):
    hands = Hands(connection)
    queues = [Queue("shards", routing_key="shards"), Queue("steps", routing_key="steps")]
    with connection.channel() as channel:
        consumer = Consumer(channel, queues, on_message=None, accept=["json"], prefetch_count=9)
        consumer.register_callback(hands.got)
        with consumer:
            yield hands


def send(connection, queue, task, *names):
    with connection.Producer() as producer:
        for name in names:
            producer.publish(name, routing_key=queue, headers={"task": task}, serializer="json")


def test_the_third_shard_waits_for_a_thread_and_a_plan_does_not(connection, hands):
    send(connection, "shards", "shard", "s1", "s2", "s3")
    assert hands.take(2) == ["s1", "s2"]
    for _ in range(4):
        hands.look()
    assert len(hands.held) == 2

    send(connection, "steps", "plan", "p1")
    assert hands.take(3)[2] == "p1"

    hands.held[0].ack()
    assert hands.take(4)[3] == "s3"


def test_other_tasks_in_the_queue_of_shards_are_not_counted(connection, hands):
    send(connection, "shards", "job", *"abcd")
    assert hands.take(4) == [*"abcd"]


def test_room_in_a_full_queue_is_looked_for_again_soon(connection, hands, monkeypatch):
    asked = []
    start = kombu_redis.Channel._brpop_start

    def spy(channel, timeout=None):
        asked.append(timeout)
        start(channel, timeout)

    monkeypatch.setattr(kombu_redis.Channel, "_brpop_start", spy)
    send(connection, "shards", "shard", "s1", "s2")
    hands.take(2)
    assert set(asked) == {None}
    asked.clear()
    for _ in range(4):
        hands.look()
    assert set(asked) == {LOOK_AGAIN_S}
