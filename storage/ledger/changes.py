"""The change feed over Redis pub/sub: a hint to read the record again, never a source of truth."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager

from redis import Redis
from redis.client import PubSub
from redis.exceptions import RedisError
from redis.exceptions import TimeoutError as RedisTimeoutError

from contract.names.redis_keys import CHANGES_CHANNEL, ENDINGS_CHANNEL, RECORDS_CHANNEL

HEARTBEAT_S = 1.0
SILENCE_S = 10.0  # then Redis is probed; after as long again the connection counts as dead
_log = logging.getLogger(__name__)


class ChangeFeed:
    """Lets a listener wait for changes of any job or dataset."""

    _redis: Redis

    def changes(self) -> AbstractContextManager[Iterator[str]]:
        """Return the feed of ids of jobs and datasets that changed in any way."""
        return self._feed(CHANGES_CHANNEL)

    def endings(self) -> AbstractContextManager[Iterator[str]]:
        """Return the feed of jobs that ended or were deleted: a third of all messages.

        Each is an id, alone or with what its record became (storage/jobs/endings.py).
        """
        return self._feed(ENDINGS_CHANNEL, RECORDS_CHANNEL)

    @contextmanager
    def _feed(self, *channels: str) -> Iterator[Iterator[str]]:
        """Yield an endless iterator of messages, with "" about every second. It never raises.

        While Redis is away it yields "" only (every few seconds while Redis hangs) and subscribes
        again. Changes made meanwhile are lost, so a listener that must not miss one reads the
        record at each "".
        """
        pubsub: PubSub = self._redis.pubsub()  # type: ignore[no-untyped-call]
        try:
            yield listen(pubsub, *channels)
        finally:
            pubsub.close()


def listen(pubsub: PubSub, *channels: str) -> Iterator[str]:
    """Yield what is published on `channels`, and "" about every second; see ChangeFeed."""
    subscription = _Subscription(pubsub, channels)
    while True:
        try:
            yield subscription.read()
        except (RedisError, OSError) as exc:
            _log.warning("change feed lost Redis: %s", exc, extra={"action": "changes"})
            pubsub.reset()
            time.sleep(HEARTBEAT_S)
            yield ""


class _Subscription:
    """A subscription that detects a connection whose other end is silent."""

    def __init__(self, pubsub: PubSub, channels: Sequence[str]) -> None:
        self._pubsub = pubsub
        self._channels = channels
        self._heard_at = 0.0
        self._asked_at: float | None = None

    def read(self) -> str:
        """Return the next message, or "" after a second. Raises RedisError, OSError."""
        if not self._pubsub.subscribed:
            self._pubsub.subscribe(*self._channels)
            self._note_life()
        message = self._pubsub.get_message(timeout=HEARTBEAT_S)
        if message is None:
            self._check_life()
            return ""
        self._note_life()
        return str(message["data"]) if message["type"] == "message" else ""

    def _note_life(self) -> None:
        self._heard_at, self._asked_at = time.monotonic(), None

    def _check_life(self) -> None:
        # A half-open connection delivers nothing and raises nothing. Subscribing again is answered
        # in every protocol; the answer to PING is lost on redis-py 8 with RESP3 and text. The
        # timeout starts at the probe, because after a process was frozen every connection looks
        # silent.
        now = time.monotonic()
        if self._asked_at is None:
            if now - self._heard_at > SILENCE_S:
                self._pubsub.subscribe(*self._channels)
                self._asked_at = now
        elif now - self._asked_at > SILENCE_S:
            raise RedisTimeoutError(f"no answer for {now - self._heard_at:.0f} s")
