"""A look into the Celery queues of Redis: which jobs have a message, waiting or delivered.

Celery's Redis transport keeps a queue as a list of JSON messages under the queue's name, and the
delivered but unacknowledged ones in the hash `unacked` (kombu/transport/redis.py). Read only.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Iterator
from typing import Any, cast

from redis import Redis

from storage.connection import redis_errors

UNACKED_KEY = "unacked"
_PAGE = 500
_log = logging.getLogger(__name__)


def queue_length(redis: Redis, queue: str) -> int:
    """Return how many messages wait in `queue`. Raises StorageUnavailable."""
    with redis_errors():
        length: int = redis.llen(queue)
    return length


def queued_message_ids(redis: Redis, queue: str) -> set[str]:
    """Return the task ids (which are job ids) that wait in `queue` or are unacknowledged.

    Messages move while we read: one may be missed for a moment, none is invented, so a caller that
    sends a second message for a missed one causes a duplicate delivery, never a loss.
    Unacknowledged messages of other queues are included. Raises StorageUnavailable.
    """
    with redis_errors():
        waiting = {task_id for text in _waiting(redis, queue) for task_id in _task_ids(text)}
        delivered = cast("list[str]", redis.hvals(UNACKED_KEY))
    return waiting | {task_id for text in delivered for task_id in _task_ids(text)}


def _waiting(redis: Redis, queue: str) -> Iterator[str]:
    # From the head, where messages enter: one that comes or goes shifts none past us unseen.
    start = 0
    while page := cast("list[str]", redis.lrange(queue, start, start + _PAGE - 1)):
        yield from page
        start += _PAGE


def _task_ids(text: str) -> Iterable[str]:
    try:
        message: Any = json.loads(text)
        if isinstance(message, list):  # unacked: [message, exchange, routing key]
            message = message[0]
        return (str(message["headers"]["id"]),)
    except (ValueError, LookupError, TypeError) as exc:
        _log.warning("unreadable message in the broker: %r", exc, extra={"action": "broker_view"})
        return ()
