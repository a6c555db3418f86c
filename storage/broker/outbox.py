"""Sends Celery messages that Celery has described once: a message costs one LPUSH and no kombu.

Celery builds the same description for each message anew, which costs three times as much as sending
it. All messages of one task in one queue differ in their ids alone, so the description is kept as
text and the ids are filled in (docs/decisions/0165-api-in-two-milliseconds.md).
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any

from redis import Redis

from contract.ids import new_tag
from storage.ledger.connection import redis_errors

PLACE = "id-to-be-filled-in"  # what the described message has for an id
_TAG = "tag-to-be-filled-in"
_BODY = "body-to-be-filled-in"


class Envelope:
    """The raw message of one task and queue, as kombu puts it on a Redis list, without its ids."""

    def __init__(self, described: Mapping[str, Any]) -> None:
        """`described`: a message of kombu's whose task id and only argument are PLACE."""
        properties = {**described["properties"], "delivery_tag": _TAG}
        self._text = json.dumps({**described, "properties": properties, "body": _BODY})
        self._body = base64.b64decode(described["body"]).decode()

    def filled(self, item_id: str) -> str:
        """Return the message for `item_id`, an id of ours, with a delivery tag of its own."""
        body = base64.b64encode(self._body.replace(PLACE, item_id).encode()).decode()
        text = self._text.replace(PLACE, item_id).replace(_TAG, new_tag())
        return text.replace(_BODY, body)


class Outbox:
    """Puts messages on queues, which are Redis lists. Raises StorageUnavailable."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    def put(self, queue: str, *messages: str) -> None:
        """Put raw messages on `queue`, in one round trip."""
        with redis_errors():
            self._redis.lpush(queue, *messages)
