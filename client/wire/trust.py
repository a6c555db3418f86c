"""Whom the clients of this process trust, read once: all certificates take 40 ms of CPU."""

from __future__ import annotations

import os
import ssl
from functools import cache

import httpx2


def trusted(*, trust_env: bool) -> ssl.SSLContext:
    """Return the context for TLS, the same one for all clients alike.

    `trust_env`: the variables SSL_CERT_FILE and SSL_CERT_DIR may name other certificates; where
    they name others than before, those are read. A file that changes is read by the next process.
    """
    names = (os.environ.get(name) for name in ("SSL_CERT_FILE", "SSL_CERT_DIR"))
    return _read(trust_env, *(names if trust_env else ()))


@cache
def _read(trust_env: bool, *_names: str | None) -> ssl.SSLContext:
    return httpx2.create_ssl_context(trust_env=trust_env)
