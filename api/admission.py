"""Who may submit now: refuses before the service reads or keeps anything of a submission.

For every POST that makes something new, whichever endpoint it is: Redis must have room, and the
caller's rate and quota must allow it.
"""

from __future__ import annotations

import ipaddress
import logging

from flask import Flask, Response, g, request

from api.auth import GUARDED_PREFIX, owner
from api.services import Services
from contract.errors import Overloaded, StorageUnavailable
from storage.allowances import Allowance, Allowances

log = logging.getLogger(__name__)

NEIGHBOURS = {4: 32, 6: 64}  # an IPv6 customer has at least a /64 of addresses


def register(app: Flask, parts: Services, allowances: Allowances) -> None:
    """Install the hooks, after those of `auth`: a caller is known by then."""
    settings = parts.settings
    limited = bool(settings.rate_per_minute or settings.quota_per_day)

    @app.before_request
    def _admit() -> None:
        if not _makes_something():
            return
        try:
            parts.capacity.check_memory()
            if limited:
                _take(parts, allowances)
        except (Overloaded, StorageUnavailable) as exc:
            parts.measures.refused.labels(exc.code).inc()
            raise

    @app.after_request
    def _tell(response: Response) -> Response:
        allowance: Allowance | None = g.get("allowance")
        if allowance is not None:
            _set_headers(response, parts, allowance)
            if not allowance.refused_by and response.status_code >= 400:
                _give_back(allowances)
        return response


def caller() -> str:
    """Return whom the present request counts for: its key, else its network address."""
    key = owner()
    if key is not None:
        return key
    try:
        address = ipaddress.ip_address(request.remote_addr or "")
    except ValueError:  # no address: a Unix socket, a test client
        return "nobody"
    if address.version == 6 and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    network = ipaddress.ip_network((address, NEIGHBOURS[address.version]), strict=False)
    return f"at-{network.network_address}"


def _makes_something() -> bool:
    known = request.url_rule is not None and request.path.startswith(GUARDED_PREFIX)
    return known and request.method == "POST" and not request.view_args


def _take(parts: Services, allowances: Allowances) -> None:
    settings = parts.settings
    allowance = allowances.take(caller(), settings.rate_per_minute, settings.quota_per_day)
    g.allowance = allowance
    if allowance.refused_by:
        most = {"minute": settings.rate_per_minute, "day": settings.quota_per_day}
        raise Overloaded(
            f"Only {most[allowance.refused_by]} submissions a {allowance.refused_by} are allowed.",
            allowance.retry_after_s,
        )


def _set_headers(response: Response, parts: Services, allowance: Allowance) -> None:
    """Say what is allowed and left (draft-ietf-httpapi-ratelimit-headers)."""
    rate, quota = parts.settings.rate_per_minute, parts.settings.quota_per_day
    limits = (
        ("minute", rate, 60, allowance.left_minute),
        ("day", quota, 86_400, allowance.left_day),
    )
    set_limits = [each for each in limits if each[1]]
    response.headers["RateLimit-Policy"] = ", ".join(
        f'"{name}";q={most};w={window_s}' for name, most, window_s, _ in set_limits
    )
    response.headers["RateLimit"] = ", ".join(
        f'"{name}";r={max(0, left)}' for name, _, _, left in set_limits
    )


def _give_back(allowances: Allowances) -> None:
    """Do not count for the day what was refused, as well as we can."""
    try:
        allowances.give_back(caller())
    except StorageUnavailable as exc:
        log.warning("counted a refused submission: %s", exc, extra={"action": "give_back"})
