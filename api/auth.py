"""Bearer keys: who may call, and whose job it is. Without keys configured everybody may."""

from __future__ import annotations

import hashlib
import hmac

from flask import Flask, g, request

from contract.errors import Unauthorized
from contract.settings import Settings

# Open to all: health for probes, metrics for the scraper, the page and the API's own description
# hold no job and no image. Whoever must hide /metrics does so at the proxy (docs/api.md).
GUARDED_PREFIX = "/v1/"


def digest(key: str) -> str:
    """Return what is stored and compared instead of the key: its SHA-256, hexadecimal."""
    return hashlib.sha256(key.encode()).hexdigest()


def owner() -> str | None:
    """Return the digest of the present request's key; None when no login is asked for."""
    held: str | None = g.get("owner")
    return held


def register(app: Flask, settings: Settings) -> None:
    """Demand a key for every call of the API proper, if any key is configured."""
    digests = [digest(key.get_secret_value()) for key in settings.api_keys]
    if not digests:
        return

    @app.before_request
    def _check() -> None:
        if request.path.startswith(GUARDED_PREFIX):
            g.owner = _match(request.headers.get("Authorization", ""), digests)


def _match(header: str, digests: list[str]) -> str:
    scheme, _, key = header.partition(" ")
    given = digest(key.strip())
    # Every key is compared, in constant time each, so that timing tells nothing.
    matches = [hmac.compare_digest(given, known) for known in digests]
    if scheme.lower() != "bearer" or not any(matches):
        raise Unauthorized("Send a valid key as `Authorization: Bearer <key>`.")
    return given
