"""The connection to Redis: timeouts, retries, and the translation of its errors."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from redis import Redis
from redis.backoff import ExponentialBackoff
from redis.exceptions import (
    ClusterDownError,
    MasterDownError,
    NoPermissionError,
    OutOfMemoryError,
    ReadOnlyError,
    RedisError,
    ResponseError,
)
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError
from redis.retry import Retry

from contract.errors import InternalError, StorageUnavailable
from contract.settings import Settings

# Replies by which a server says that it is out of service, not that the command was wrong: first
# those for which the client has a class (it cuts the code off the message), then the others.
_REFUSALS = (
    ClusterDownError,
    MasterDownError,
    NoPermissionError,
    OutOfMemoryError,
    ReadOnlyError,
)
_REFUSAL_CODES = ("BUSY", "MISCONF", "NOAUTH", "NOREPLICAS", "UNKILLABLE", "WRONGPASS")


def open_redis(settings: Settings) -> Redis:
    """Return a lazy, thread-safe client of `redis_url` that speaks text.

    A refused or cut connection is tried twice more; a silent server is given up after one read
    timeout, so that a frozen Redis costs a caller about 5 s, not a multiple.
    """
    return Redis.from_url(
        settings.redis_url,
        decode_responses=True,
        encoding_errors="replace",
        socket_connect_timeout=2.0,
        socket_timeout=5.0,
        socket_keepalive=True,
        health_check_interval=10,
        retry=Retry(ExponentialBackoff(cap=0.5, base=0.05), 2, (RedisConnectionError,)),
    )


@contextmanager
def redis_errors() -> Iterator[None]:
    """Turn the client's exceptions into StorageUnavailable, or InternalError for faults of ours."""
    try:
        yield
    except (RedisConnectionError, RedisTimeoutError) as exc:
        raise StorageUnavailable("Redis does not answer") from exc
    except ResponseError as exc:
        if isinstance(exc, _REFUSALS) or str(exc).startswith(_REFUSAL_CODES):
            raise StorageUnavailable(f"Redis refuses: {exc}") from exc
        raise InternalError(f"Redis rejects a command: {exc}") from exc
    except RedisError as exc:
        raise StorageUnavailable(f"Redis fails: {exc}") from exc
