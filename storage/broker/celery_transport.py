"""kombu's Redis transport with the same keys and guarantees, at a third of its CPU per message.

The stock channel builds a new Redis client for every command and wraps each delivery and each
acknowledgement in MULTI/EXEC. Here a channel keeps one client, and both are one script call. A
queue may have a limit of its own, in addition to the prefetch count of the consumer. Named in
Celery's `broker_transport`; docs/decisions/0071-lean-broker-transport.md has the measurement.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from importlib.resources import files
from typing import Any

from kombu import Connection
from kombu.transport import redis as kombu_redis
from kombu.transport import virtual
from kombu.utils.json import dumps
from kombu.utils.scheduling import round_robin_cycle
from redis.exceptions import ConnectionError as RedisConnectionError

LOOK_AGAIN_S = 0.1  # a full queue is polled again at most this much later
TRANSPORT = "storage.broker.celery_transport:LeanTransport"


def _script(name: str) -> str:
    return (files("storage") / "lua" / "broker" / name).read_text("utf-8")


class LeanQoS(kombu_redis.QoS):  # type: ignore[misc]
    """Records and acknowledges delivered messages with one command each."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        client = self.channel.kept_client
        self._deliver = client.register_script(_script("deliver.lua"))
        self._forget = client.register_script(_script("ack.lua"))

    def append(self, message: Any, delivery_tag: str) -> None:
        """Record that `message` was delivered, then pass it on."""
        route = message.delivery_info
        noted = dumps([message._raw, route["exchange"], route["routing_key"]])
        self._deliver(keys=self._keys(), args=[time.time(), delivery_tag, noted])
        virtual.QoS.append(self, message, delivery_tag)

    def ack(self, delivery_tag: str) -> None:
        """Acknowledge the message."""
        self._forget(keys=self._keys(), args=[delivery_tag])
        virtual.QoS.ack(self, delivery_tag)

    def in_hand(self, task: str, queue: str) -> int:
        """Return how many messages of `task` from `queue` are delivered and not acknowledged.

        For the consuming thread, which alone changes `_delivered`.
        """
        return sum(
            message.headers.get("task") == task
            and message.delivery_info["routing_key"] == queue
            and tag not in self._dirty
            for tag, message in self._delivered.items()
        )

    def _keys(self) -> list[str]:
        return [self.unacked_index_key, self.unacked_key]


class QueuesWithRoom(round_robin_cycle):  # type: ignore[misc]
    """Selects the queues to poll next: round robin, those below their limit."""

    def __init__(self, has_room: Callable[[str], bool]) -> None:
        super().__init__()
        self._has_room = has_room

    def consume(self, n: int) -> list[str]:
        """Return the first `n` queues without those that are full."""
        return [queue for queue in super().consume(n) if self._has_room(queue)]


class LeanChannel(kombu_redis.Channel):  # type: ignore[misc]
    """Keeps one client for all commands but the blocking ones; its pool makes that thread-safe."""

    QoS = LeanQoS
    # queue → task, maximum: while so many messages of the task are unacknowledged, the queue is not
    # polled
    queue_limits: Mapping[str, tuple[str, int]] = {}
    from_transport_options = (*kombu_redis.Channel.from_transport_options, "queue_limits")
    _kept_client: Any = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._queue_cycle = QueuesWithRoom(self._has_room)

    @property
    def kept_client(self) -> Any:
        """The client over the channel's present pool."""
        if self._kept_client is None or self._kept_client.connection_pool is not self.pool:
            self._kept_client = super()._create_client()
        return self._kept_client

    def _has_room(self, queue: str) -> bool:
        if queue not in self.queue_limits:
            return True
        task, most = self.queue_limits[queue]
        return bool(self.qos.in_hand(task, queue) < most)

    def _brpop_start(self, timeout: float | None = None) -> None:
        if not all(self._has_room(queue) for queue in self.active_queues):
            timeout = LOOK_AGAIN_S  # the full queue may have room soon
        super()._brpop_start(timeout)

    def _connparams(self, asynchronous: bool = False) -> Any:
        """Return the connection parameters, for every pool of the channel.

        A channel whose connection was closed has none: that is a connection error, which kombu and
        Celery handle when they close what is broken. Unacknowledged messages of the channel come
        back by the visibility timeout.
        """
        if self.connection is None or self.connection.client is None:
            raise RedisConnectionError("the connection of this channel is closed")
        return super()._connparams(asynchronous=asynchronous)

    def _create_client(self, asynchronous: bool = False) -> Any:
        return super()._create_client(asynchronous=True) if asynchronous else self.kept_client


class LeanTransport(kombu_redis.Transport):  # type: ignore[misc]
    """The transport that Celery is told to use."""

    Channel = LeanChannel


def reach(broker: Mapping[str, Any]) -> None:
    """Connect to the broker of Celery's settings as its workers do, and disconnect.

    Raises what kombu's Redis transport raises.
    """
    with Connection(
        broker["broker_url"],
        transport=broker["broker_transport"],
        ssl=broker["broker_use_ssl"] or False,
        transport_options=broker["broker_transport_options"],
    ) as connection:
        connection.ensure_connection(
            max_retries=1, interval_start=0, interval_step=0, reraise_as_library_errors=False
        )
