"""Reads the Celery queues in Redis: which jobs have a waiting message. Read only.

Celery's Redis transport keeps a queue as a list of JSON messages under the queue's name. Delivered
but unacknowledged messages move to the hash `unacked` (kombu/transport/redis.py), which is not
read: a delivered message proves nothing, because its worker may be dead.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Iterator
from typing import Any, cast

from redis import Redis

from contract.models.declaration import DEFAULT_MODEL
from contract.names.queues import Lane, queues_of
from storage.ledger.connection import redis_errors

_PAGE = 500
_log = logging.getLogger(__name__)


class BrokerView:
    """What waits in the broker. Every method raises StorageUnavailable."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    def length(self, lane: Lane, models: Iterable[str] = (DEFAULT_MODEL,)) -> int:
        """Return how many messages wait in the lane's queues for `models`."""
        return self.length_of(queues_of(lane, models))

    def length_of(self, queues: Iterable[str]) -> int:
        """Return how many messages wait in `queues`."""
        with redis_errors():
            lengths: list[int] = [self._redis.llen(queue) for queue in queues]
        return sum(lengths)

    def waiting_ids(self, lane: Lane, models: Iterable[str] = (DEFAULT_MODEL,)) -> set[str]:
        """Return the message ids (which are job ids) that wait in the lane's queues for `models`.

        Messages move while we read: one may be missed for a moment, none is invented, so a caller
        that sends a second message for a missed one causes a duplicate delivery, never a loss.
        """
        with redis_errors():
            texts = (text for queue in queues_of(lane, models) for text in self._messages(queue))
            return {_message_id(text) for text in texts} - {""}

    def _messages(self, queue: str) -> Iterator[str]:
        # From the head, where messages enter: one that enters or leaves meanwhile hides no other.
        start = 0
        while page := cast("list[str]", self._redis.lrange(queue, start, start + _PAGE - 1)):
            yield from page
            start += _PAGE


def _message_id(text: str) -> str:
    try:
        message: Any = json.loads(text)
        return str(message["headers"]["id"])
    except (ValueError, LookupError, TypeError) as exc:
        _log.warning("unreadable message in the broker: %r", exc, extra={"action": "broker_view"})
        return ""
