"""The list of asks, and the channels over which pictures and answers go."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import cast

from pydantic import ValidationError
from redis import Redis

from contract.immediate import Ask, pack
from contract.names.queues import immediate_queue
from contract.values import Value
from storage.immediate.line import Line
from storage.ledger.connection import redis_errors

log = logging.getLogger(__name__)

KEPT_S = 120  # the list after the last look at an ask that waits; longer than any deadline


class Exchange:
    """Thread-safe. Every method raises StorageUnavailable."""

    def __init__(self, redis: Redis) -> None:
        """`redis` gives bytes."""
        self._redis = redis

    def open_line(self) -> Line:
        """Return a new line."""
        return Line(self._redis)

    def submit(self, ask: Ask) -> int:
        """Put `ask` at the end of its model's list; return how many wait before it."""
        with redis_errors():
            return int(self._redis.lpush(immediate_queue(ask.model), _text(ask))) - 1

    def withdraw(self, ask: Ask) -> None:
        """Take `ask` off the list, if no worker has taken it."""
        with redis_errors():
            self._redis.lrem(immediate_queue(ask.model), 1, _text(ask))

    def holds(self, ask: Ask) -> bool:
        """Tell whether `ask` still waits on the list, which is kept KEPT_S longer from now on.

        Most asks are taken at once; only of those that wait could any be left behind.
        """
        queue = immediate_queue(ask.model)
        with redis_errors(), self._redis.pipeline(transaction=False) as pipe:
            pipe.lpos(queue, _text(ask))
            pipe.expire(queue, KEPT_S)
            return pipe.execute()[0] is not None

    def take(self, models: Sequence[str], timeout_s: float) -> Ask | None:
        """Return an ask for one of `models`, of each the oldest; None: none came in `timeout_s`.

        One that this version cannot read is dropped; its sender waits until its deadline.
        """
        with redis_errors():
            found = cast(
                "tuple[bytes, bytes] | None",
                self._redis.brpop([immediate_queue(model) for model in models], timeout_s),
            )
        if found is None:
            return None
        try:
            return Ask.model_validate_json(found[1])
        except ValidationError as exc:
            log.warning("unreadable ask dropped: %s", exc, extra={"action": "take"})
            return None

    def publish(self, channel: str, head: Value, body: bytes = b"") -> bool:
        """Publish a message; False: that line is not held any more, and the message is gone."""
        with redis_errors():
            return bool(self._redis.publish(channel, pack(head, body)))

    def is_held(self, channel: str) -> bool:
        """Tell whether the line of `channel` is held. Redis closes it when its process dies."""
        with redis_errors():
            counts = cast("list[tuple[bytes, int]]", self._redis.pubsub_numsub(channel))
        return any(count for _, count in counts)


def _text(ask: Ask) -> str:
    return ask.model_dump_json()
