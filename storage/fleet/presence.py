"""Messages between the lanes of one machine: the interactive lane is busy. A hint, never stored."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from redis import Redis
from redis.client import PubSub

from contract.names.redis_keys import presence_channel
from storage.ledger.changes import listen
from storage.ledger.connection import redis_errors

HERE = "here"


class Presence:
    """Publishes and receives the message that the interactive lane of `machine` is busy."""

    def __init__(self, redis: Redis, machine: str) -> None:
        self._redis = redis
        self._channel = presence_channel(machine)

    def publish(self) -> None:
        """Publish to the subscribers of this machine. Raises StorageUnavailable."""
        with redis_errors():
            self._redis.publish(self._channel, HERE)

    @contextmanager
    def messages(self) -> Iterator[Iterator[str]]:
        """Yield an endless iterator of messages, with "" about every second. It never raises."""
        pubsub: PubSub = self._redis.pubsub()  # type: ignore[no-untyped-call]
        try:
            yield listen(pubsub, self._channel)
        finally:
            pubsub.close()
