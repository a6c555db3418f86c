"""The feed of changed jobs, by Redis pub/sub: a hint to look again, never the truth itself."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager

from redis import Redis
from redis.client import PubSub
from redis.exceptions import RedisError

from contract.names import CHANGES_CHANNEL

HEARTBEAT_S = 1.0
_log = logging.getLogger(__name__)


class ChangeFeed:
    """Lets a listener wait for changes of any job."""

    _redis: Redis

    @contextmanager
    def changes(self) -> Iterator[Iterator[str]]:
        """Yield an endless iterator of ids of changed jobs, with "" about every second.

        It never raises: while Redis is away it yields "" only, and subscribes again. Changes made
        meanwhile are lost, so a listener reads the record at each "" that it cannot afford to miss.
        """
        pubsub: PubSub = self._redis.pubsub(  # type: ignore[no-untyped-call]
            ignore_subscribe_messages=True
        )
        try:
            yield _listen(pubsub)
        finally:
            pubsub.close()


def _listen(pubsub: PubSub) -> Iterator[str]:
    while True:
        try:
            if not pubsub.subscribed:
                pubsub.subscribe(CHANGES_CHANNEL)
            message = pubsub.get_message(timeout=HEARTBEAT_S)
        except (RedisError, OSError) as exc:
            _log.warning("change feed lost Redis: %s", exc, extra={"action": "changes"})
            pubsub.reset()
            time.sleep(HEARTBEAT_S)
            message = None
        yield message["data"] if message else ""
