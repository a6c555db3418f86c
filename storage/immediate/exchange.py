"""The list of asks, and the channels over which pictures and answers go."""

from __future__ import annotations

import logging
from typing import cast

from pydantic import ValidationError
from redis import Redis

from contract.immediate import Ask, pack
from contract.names.queues import IMMEDIATE_QUEUE
from contract.values import Value
from storage.immediate.line import Line
from storage.ledger.connection import redis_errors

log = logging.getLogger(__name__)

KEPT_S = 120  # the list after the last ask; longer than any deadline


class Exchange:
    """Thread-safe. Every method raises StorageUnavailable."""

    def __init__(self, redis: Redis) -> None:
        """`redis` gives bytes."""
        self._redis = redis

    def open_line(self) -> Line:
        """Return a new line."""
        return Line(self._redis)

    def submit(self, ask: Ask) -> None:
        """Put `ask` at the end of the list."""
        with redis_errors(), self._redis.pipeline(transaction=False) as pipe:
            pipe.lpush(IMMEDIATE_QUEUE, _text(ask))
            pipe.expire(IMMEDIATE_QUEUE, KEPT_S)
            pipe.execute()

    def withdraw(self, ask: Ask) -> None:
        """Take `ask` off the list, if no worker has taken it."""
        with redis_errors():
            self._redis.lrem(IMMEDIATE_QUEUE, 1, _text(ask))

    def waiting(self) -> int:
        """Return how many asks wait."""
        with redis_errors():
            return int(self._redis.llen(IMMEDIATE_QUEUE))

    def holds(self, ask: Ask) -> bool:
        """Tell whether `ask` still waits on the list."""
        with redis_errors():
            return self._redis.lpos(IMMEDIATE_QUEUE, _text(ask)) is not None

    def take(self, timeout_s: float) -> Ask | None:
        """Return the ask that has waited longest, None if none comes within `timeout_s`.

        One that this version cannot read is dropped; its sender waits until its deadline.
        """
        with redis_errors():
            found = cast(
                "tuple[bytes, bytes] | None", self._redis.brpop([IMMEDIATE_QUEUE], timeout_s)
            )
        if found is None:
            return None
        try:
            return Ask.model_validate_json(found[1])
        except ValidationError as exc:
            log.warning("unreadable ask dropped: %s", exc, extra={"action": "take"})
            return None

    def tell(self, channel: str, head: Value, body: bytes = b"") -> bool:
        """Publish a message; False: nobody holds that line any more, and it is gone."""
        with redis_errors():
            return bool(self._redis.publish(channel, pack(head, body)))

    def listens(self, channel: str) -> bool:
        """Tell whether the line of `channel` is held. A process that dies lets go of it at once."""
        with redis_errors():
            counts = cast("list[tuple[bytes, int]]", self._redis.pubsub_numsub(channel))
        return any(count for _, count in counts)


def _text(ask: Ask) -> str:
    return ask.model_dump_json()
