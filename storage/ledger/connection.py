"""The connection to Redis: TLS, timeouts, retries, and the translation of its errors."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TypeAlias

from redis import Redis
from redis.backoff import ExponentialBackoff
from redis.exceptions import (
    AuthenticationError,
    ClusterDownError,
    ClusterError,
    MasterDownError,
    MovedError,
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
from storage.ledger.lean_client import LeanRedis

# Replies by which a server says that it is out of service, not that the command was wrong: first
# those with an exception class of the client (which removes the code from the message), then the
# others.
_REFUSALS = (
    MasterDownError,
    NoPermissionError,
    OutOfMemoryError,
    ReadOnlyError,
)
_REFUSAL_CODES = ("BUSY", "MISCONF", "NOREPLICAS", "UNKILLABLE")
_PASSWORD_CODES = ("NOAUTH", "WRONGPASS")
_OF_CLUSTERS = (MovedError, ClusterDownError, ClusterError)

RedisClient: TypeAlias = Redis  # for those who may not import redis
CONNECTIONS = 1000  # of one client, at most: more than any process of ours has threads
NO_CLUSTER = "Redis is a cluster, which is not supported: name one server in DEPTHQ_REDIS_URL"
WRONG_PASSWORD = "Redis refuses the user or the password of DEPTHQ_REDIS_URL"  # noqa: S105
NOT_TRUSTED = "the TLS certificate of Redis is not trusted; DEPTHQ_REDIS_CA_FILE names a CA"


def redis_tls(settings: Settings) -> dict[str, Any]:
    """Return how every client of `redis_url` speaks TLS; empty: the scheme asks for none."""
    if not settings.redis_url.startswith("rediss://"):
        return {}
    own_ca = {"ssl_ca_certs": str(settings.redis_ca_file)} if settings.redis_ca_file else {}
    return {"ssl_cert_reqs": "required", "ssl_check_hostname": True, **own_ca}


def open_redis(settings: Settings, *, text: bool = True, answer_s: float = 5.0) -> Redis:
    """Return a lazy, thread-safe client of `redis_url` that decodes text, or gives bytes.

    A refused or cut connection is tried twice more. A silent server times out after `answer_s`
    and is not retried, so that a frozen Redis costs a caller about that long, not a multiple.
    """
    return LeanRedis.from_url(
        settings.redis_url,
        decode_responses=text,
        encoding_errors="replace",
        socket_connect_timeout=2.0,
        socket_timeout=answer_s,
        socket_keepalive=True,
        health_check_interval=10,
        max_connections=CONNECTIONS,
        retry=Retry(ExponentialBackoff(cap=0.5, base=0.05), 2, (RedisConnectionError,)),
        **redis_tls(settings),
    )


@contextmanager
def redis_errors() -> Iterator[None]:
    """Turn the client's exceptions into StorageUnavailable, or InternalError for faults of ours."""
    try:
        yield
    except AuthenticationError as exc:  # redis-py reports it as a connection error
        raise StorageUnavailable(WRONG_PASSWORD) from exc
    except (RedisConnectionError, RedisTimeoutError) as exc:
        raise StorageUnavailable(_silence(exc)) from exc
    except _OF_CLUSTERS as exc:
        raise StorageUnavailable(NO_CLUSTER) from exc
    except ResponseError as exc:
        if str(exc).startswith(_PASSWORD_CODES):
            raise StorageUnavailable(WRONG_PASSWORD) from exc
        if isinstance(exc, _REFUSALS) or str(exc).startswith(_REFUSAL_CODES):
            raise StorageUnavailable(f"Redis refuses: {exc}") from exc
        raise InternalError(f"Redis rejects a command: {exc}") from exc
    except RedisError as exc:
        raise StorageUnavailable("Redis fails") from exc


def _silence(exc: RedisError) -> str:
    return NOT_TRUSTED if "CERTIFICATE_VERIFY_FAILED" in str(exc) else "Redis does not answer"
