"""Bearer keys: who may call, and whose job it is. Without keys configured everybody may."""

from __future__ import annotations

import hmac
from collections.abc import Sequence

from flask import Flask, g, request

from api.callers.client_networks import network_of
from api.callers.failed_logins import Guesses
from contract.errors import Overloaded, Unauthorized
from contract.key_limits import key_digest

# Open to all: health for probes, metrics for the scraper, the page and the API's own description
# hold no job and no image. Whoever must hide /metrics does so at the proxy (docs/api.md).
GUARDED_PREFIX = "/v1/"


class Keys:
    """The keys that may call; false if there are none, and everybody may."""

    def __init__(self, digests: Sequence[str], guesses: Guesses | None = None) -> None:
        self._digests = digests
        self._guesses = guesses or Guesses()

    def __bool__(self) -> bool:
        return bool(self._digests)

    def owner(self, authorization: str, address: str) -> str:
        """Return the digest of the key in the header `authorization`.

        Raises Unauthorized, and Overloaded after too many wrong keys from `address`.
        """
        scheme, _, key = authorization.partition(" ")
        given = key_digest(key.strip())
        # Every key is compared, in constant time each, so that timing tells nothing.
        matches = [hmac.compare_digest(given, known) for known in self._digests]
        wait_s = self._guesses.wait_s(address, given) if authorization else 0
        if wait_s:
            raise Overloaded("Too many wrong keys came from your address; try later.", wait_s)
        if scheme.lower() != "bearer" or not any(matches):
            if authorization:
                self._guesses.was_wrong(address)
            raise Unauthorized("Send a valid key as `Authorization: Bearer <key>`.")
        self._guesses.was_right(address, given)
        return given


def owner() -> str | None:
    """Return the digest of the present request's key; None when no login is asked for."""
    held: str | None = g.get("owner")
    return held


def caller() -> str:
    """Return whom the present request counts for: its key, else its network address."""
    return owner() or network_of(request.remote_addr or "")


def register(app: Flask, keys: Keys) -> None:
    """Demand a key for every call of the API proper, if any key is configured."""
    if not keys:
        return

    @app.before_request
    def _check() -> None:
        if request.path.startswith(GUARDED_PREFIX):
            header = request.headers.get("Authorization", "")
            g.owner = keys.owner(header, network_of(request.remote_addr or ""))
