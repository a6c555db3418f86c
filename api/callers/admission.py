"""Admission: refuses a submission before any of its body is read or stored.

Applies to every POST that creates something: Redis and the disk must have room, and the caller's
rate and quota must allow it.
"""

from __future__ import annotations

import logging

from flask import Flask, Response, g

from api.answers.present import present_request
from api.callers.auth import GUARDED_PREFIX, caller, owner
from api.services import Services
from contract.errors import Overloaded, StorageUnavailable
from contract.key_limits import Limits
from storage.callers.allowances import Allowance, Allowances

log = logging.getLogger(__name__)


def register(app: Flask, parts: Services, allowances: Allowances) -> None:
    """Install the hooks, after those of `auth`: a caller is known by then."""

    @app.before_request
    def _admit() -> None:
        if not _makes_something():
            return
        try:
            parts.capacity.check_memory()
            parts.capacity.check_disk()
            if limits := parts.limits.of(owner()):
                _take(allowances, limits)
        except (Overloaded, StorageUnavailable) as exc:
            parts.measures.refused.labels(exc.code).inc()
            raise

    @app.after_request
    def _tell(response: Response) -> Response:
        allowance: Allowance | None = g.get("allowance")
        if allowance is not None:
            _set_headers(response, parts.limits.of(owner()), allowance)
            if not allowance.refused_by and response.status_code >= 400:
                _give_back(allowances)
        return response


def _makes_something() -> bool:
    incoming = present_request()
    known = incoming.url_rule is not None and incoming.path.startswith(GUARDED_PREFIX)
    return known and incoming.method == "POST" and not incoming.view_args


def _take(allowances: Allowances, limits: Limits) -> None:
    allowance = allowances.take(caller(), limits.per_minute, limits.per_day)
    g.allowance = allowance
    if allowance.refused_by:
        most = {"minute": limits.per_minute, "day": limits.per_day}
        raise Overloaded(
            f"Only {most[allowance.refused_by]} submissions a {allowance.refused_by} are allowed.",
            allowance.retry_after_s,
        )


def _set_headers(response: Response, limits: Limits, allowance: Allowance) -> None:
    """Set the rate-limit headers (draft-ietf-httpapi-ratelimit-headers)."""
    both = (
        ("minute", limits.per_minute, 60, allowance.left_minute),
        ("day", limits.per_day, 86_400, allowance.left_day),
    )
    set_limits = [each for each in both if each[1]]
    response.headers["RateLimit-Policy"] = ", ".join(
        f'"{name}";q={most};w={window_s}' for name, most, window_s, _ in set_limits
    )
    response.headers["RateLimit"] = ", ".join(
        f'"{name}";r={max(0, left)}' for name, _, _, left in set_limits
    )


def _give_back(allowances: Allowances) -> None:
    """Return a refused submission to the daily quota, best effort."""
    try:
        allowances.give_back(caller())
    except StorageUnavailable as exc:
        log.warning("counted a refused submission: %s", exc, extra={"action": "give_back"})
