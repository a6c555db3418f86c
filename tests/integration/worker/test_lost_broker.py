"""A broker that goes away while a worker runs costs the connection, never the process."""

from __future__ import annotations

import pytest
from kombu import Connection, Consumer, Queue
from redis.exceptions import ConnectionError as RedisConnectionError

from storage.broker.celery_transport import TRANSPORT
from tests.waits import PATIENT_S

QUEUE = Queue("jobs", routing_key="jobs")
OPTIONS = {"socket_timeout": 2, "socket_connect_timeout": 2}


@pytest.fixture
def connection(redis_url):
    return Connection(redis_url, transport=TRANSPORT, transport_options=OPTIONS)


def hold_a_message(connection):
    """Consume as a worker does: one message in hand, unacknowledged, and more asked for."""
    connection.default_channel.queue_declare("jobs")
    connection.Producer().publish("held", routing_key="jobs")
    held = []
    consumer = Consumer(connection.default_channel, QUEUE, on_message=held.append, prefetch_count=9)
    consumer.consume()
    # a channel beside it, as the one for remote control: it is closed first, and fails
    Consumer(connection.channel(), Queue("more", routing_key="more")).consume()
    while not held:
        connection.drain_events(timeout=PATIENT_S)
    with pytest.raises(TimeoutError):
        connection.drain_events(timeout=0.1)


def test_a_connection_whose_server_died_under_load_is_closed_in_peace(connection, valkey):
    valkey.sync_every_write()
    hold_a_message(connection)
    valkey.kill()
    # What Celery's consumer does at a connection error; an error here ends the worker
    connection.collect(socket_timeout=1)
    connection.close()
    # Then the message is where another worker finds it
    valkey.start()
    with valkey.client() as redis:
        assert redis.hlen("unacked") == 1


def test_a_channel_without_a_connection_says_so_in_words_that_kombu_waits_out(connection):
    channel = connection.default_channel
    transport = connection.transport
    connection.close()
    for pool in ("pool", "async_pool"):
        with pytest.raises(RedisConnectionError, match="closed"):
            getattr(channel, pool)
    assert issubclass(RedisConnectionError, transport.connection_errors)
