"""Celery's broker settings, the same for the API that sends and the workers."""

from __future__ import annotations

from typing import Any

from contract.settings import Settings
from storage.broker.celery_transport import TRANSPORT, reach
from storage.ledger.connection import redis_errors, redis_tls


def broker_settings(settings: Settings, socket_timeout_s: float, **options: Any) -> dict[str, Any]:
    """Return Celery's settings for the broker in `redis_url`; `options` are the transport's own.

    TLS follows from the scheme. Celery ignores the scheme when a transport is named, and its own
    handling of `rediss://` checks no certificate.
    """
    return {
        "broker_url": settings.redis_url,
        "broker_transport": TRANSPORT,
        "broker_use_ssl": redis_tls(settings) or None,
        "broker_transport_options": {
            "visibility_timeout": settings.visibility_timeout_s,
            "socket_timeout": socket_timeout_s,
            "socket_connect_timeout": 2,
            "socket_keepalive": True,
            "health_check_interval": 10,
            **options,
        },
    }


def check_broker(settings: Settings) -> None:
    """Reach the broker as a worker does: its transport, its TLS. Raises StorageUnavailable."""
    with redis_errors():
        reach(broker_settings(settings, socket_timeout_s=3))
