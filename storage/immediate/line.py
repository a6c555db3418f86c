"""A line: a Redis connection that is subscribed to one channel of its own.

What is published there goes to its holder, or is dropped. Redis keeps published messages in no key,
no append-only file and no snapshot, only in the connection's output buffer until they are sent.
"""

from __future__ import annotations

import uuid
from typing import cast

from redis import Redis
from redis.client import PubSub

from contract.errors import StorageUnavailable
from contract.names.redis_keys import line_channel
from storage.ledger.connection import redis_errors


def _as_it_is(pushed: object) -> object:
    return pushed


class Line:
    """For one thread at a time. Every method but `close` raises StorageUnavailable."""

    def __init__(self, redis: Redis) -> None:
        """Subscribe; `redis` gives bytes."""
        self.channel = line_channel(uuid.uuid4().hex)
        # the library's own handler writes every message out as text, for a log that nothing reads
        self._pubsub: PubSub = redis.pubsub(push_handler_func=_as_it_is)  # type: ignore[no-untyped-call]
        with redis_errors():
            self._pubsub.subscribe(self.channel)
            if self._pubsub.get_message(timeout=2.0) is None:
                raise StorageUnavailable("Redis does not answer")

    def read(self, timeout_s: float) -> bytes | None:
        """Return the next message, None after `timeout_s`.

        A connection that was lost and made again may have missed a message, so it is an error.
        """
        with redis_errors():
            message = self._pubsub.get_message(timeout=timeout_s)
        if message is None:
            return None
        if message["type"] != "message":
            raise StorageUnavailable("Redis was away for a moment")
        return cast("bytes", message["data"])

    @property
    def usable(self) -> bool:
        """Whether an idle line is still connected: nothing is to be read, not even its end."""
        connection = self._pubsub.connection
        try:
            return connection is not None and not connection.can_read(timeout=0)
        except Exception:  # whatever it is, there are other lines
            return False

    def close(self) -> None:
        """Disconnect: what is published to the channel from now on is dropped by Redis."""
        self._pubsub.close()
