"""redis-py's client with a short way for single commands, which are all that a job needs.

The library prepares every command for retries, telemetry, moving servers and a pool shared by
processes; that costs more than sending it. Here the first attempt goes straight over a connection
of the library's own; a connection that was cut falls back to the library's way, with its retries
(docs/decisions/0165-api-in-two-milliseconds.md).
"""

from __future__ import annotations

from collections import deque
from typing import Any

from redis import Redis
from redis.exceptions import ConnectionError as RedisConnectionError


class LeanRedis(Redis):
    """A thread-safe client; errors and replies are those of `Redis`."""

    def __init__(self, *args: Any, **options: Any) -> None:
        self._idle: deque[Any] = deque()  # connections; the last used first, whose memory is warm
        super().__init__(*args, **options)

    def _execute_command(self, *args: Any, **options: Any) -> Any:
        connection = self._lend()
        try:
            if not connection.is_connected:
                connection.connect()  # with the library's retries
            try:
                connection.send_command(*args)
                return self.parse_response(connection, args[0], **options)  # type: ignore[no-untyped-call]
            except RedisConnectionError:
                return super()._execute_command(*args, **options)  # type: ignore[no-untyped-call]
        finally:
            # reusable: its whole reply was read, or the library has closed it
            self._idle.append(connection)

    def _lend(self) -> Any:
        try:
            return self._idle.pop()
        except IndexError:
            return self.connection_pool.make_connection()

    def close(self) -> None:
        """Close all connections."""
        while self._idle:
            self._idle.pop().disconnect()
        super().close()
