"""Checks that a Redis suits the service: one server (no cluster) that evicts nothing."""

from __future__ import annotations

import logging

from redis import Redis

from contract.errors import InvalidRequest, StorageUnavailable
from storage.ledger.connection import NO_CLUSTER, redis_errors

log = logging.getLogger(__name__)


def shortcomings(redis: Redis) -> list[str]:
    """Return what is unwise about the server. Raises StorageUnavailable, InvalidRequest (cluster).

    Settings that the server does not show are not reported: hosted servers hide many.
    """
    with redis_errors():
        about = redis.info()
    if about.get("redis_mode") == "cluster" or about.get("cluster_enabled") in (1, "1"):
        raise InvalidRequest(NO_CLUSTER)
    policy = str(about.get("maxmemory_policy", "noeviction"))
    if policy.startswith("allkeys"):
        return [
            f"Redis may forget jobs and messages when its memory is full (maxmemory-policy "
            f"{policy}): set it to noeviction"
        ]
    return []


def warn_if_unsuitable(redis: Redis) -> None:
    """Warn at a program's start. Raises InvalidRequest for a server that can never serve."""
    try:
        found = shortcomings(redis)
    except StorageUnavailable as exc:
        found = [str(exc)]
    for each in found:
        log.warning("%s", each, extra={"action": "start"})
