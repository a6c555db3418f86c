"""Bearer keys: authentication, and the owner of a job. Without configured keys every call is
allowed.
"""

from __future__ import annotations

import hmac
from collections.abc import Sequence

from flask import Flask, g, request

from api.callers.client_networks import network_of
from api.callers.failed_logins import FailedLogins
from contract.errors import Overloaded, Unauthorized
from contract.key_limits import key_digest

# Open without a key: health for probes, metrics for the scraper, the page and the API description.
# They expose no job and no image. To hide /metrics, block it at the proxy (docs/api.md).
GUARDED_PREFIX = "/v1/"


class Keys:
    """The accepted keys. False if there are none; then every call is allowed."""

    def __init__(self, digests: Sequence[str], failed_logins: FailedLogins | None = None) -> None:
        self._digests = digests
        self._failed_logins = failed_logins or FailedLogins()

    def __bool__(self) -> bool:
        return bool(self._digests)

    def owner(self, authorization: str, address: str) -> str:
        """Return the digest of the key in the header `authorization`.

        Raises Unauthorized, and Overloaded after too many wrong keys from `address`.
        """
        scheme, _, key = authorization.partition(" ")
        given = key_digest(key.strip())
        # Compare with every key in constant time, so that timing reveals nothing.
        matches = [hmac.compare_digest(given, known) for known in self._digests]
        wait_s = self._failed_logins.wait_s(address, given) if authorization else 0
        if wait_s:
            raise Overloaded("Too many wrong keys came from your address; try later.", wait_s)
        if scheme.lower() != "bearer" or not any(matches):
            if authorization:
                self._failed_logins.record_failure(address)
            raise Unauthorized("Send a valid key as `Authorization: Bearer <key>`.")
        self._failed_logins.record_success(address, given)
        return given


def owner() -> str | None:
    """Return the digest of the present request's key; None when no login is asked for."""
    held: str | None = g.get("owner")
    return held


def caller() -> str:
    """Return the identity that this request counts against: its key, else its network address."""
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
