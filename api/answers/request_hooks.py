"""Hooks that run for every request: request id, metrics, log line, security headers."""

from __future__ import annotations

import logging
import time
from urllib.parse import urlsplit

from flask import Flask, Response, g

from api.answers.present import present_request
from api.answers.request_ids import request_id
from api.answers.serving import ignore_odd_range
from api.load.measures import Measures
from contract.labels import METHODS, among
from contract.settings import Settings

log = logging.getLogger(__name__)

_QUIET = frozenset({"/healthz", "/readyz", "/metrics"})  # probes would drown the log


def register(app: Flask, settings: Settings, measures: Measures) -> None:
    """Install the hooks. Before all others, so that a refused request has its id too."""
    headers = tuple(_security_headers(settings).items())

    @app.before_request
    def _begin() -> None:
        incoming = present_request()
        g.request_id = request_id(incoming.headers.get("X-Request-Id", ""))
        ignore_odd_range(incoming)
        g.started = time.perf_counter()

    @app.after_request
    def _end(response: Response) -> Response:
        present = {name.lower() for name, _ in response.headers}
        response.headers.extend(each for each in headers if each[0].lower() not in present)
        response.headers["X-Request-Id"] = g.get("request_id", "")
        _record(response, measures)
        return response


def _record(response: Response, measures: Measures) -> None:
    seconds = time.perf_counter() - g.get("started", time.perf_counter())
    incoming = present_request()
    path, values = incoming.path, incoming.view_args
    method = among(incoming.method, METHODS)
    route = incoming.url_rule.rule if incoming.url_rule else "none"  # the path would be unbounded
    measures.answered(method, route, response.status_code, seconds)
    level = logging.DEBUG if path in _QUIET else logging.INFO
    if not log.isEnabledFor(level):
        return
    about = {
        "action": "request",
        "request_id": g.get("request_id", ""),
        "method": method,
        "route": route,
        "status": response.status_code,
        "duration_ms": round(seconds * 1000, 1),
    }
    for name in ("job_id", "dataset_id"):
        if values and name in values:
            about[name] = str(values[name])[:60]
    log.log(level, "%s %s %d", method, path[:200], response.status_code, extra=about)


def _security_headers(settings: Settings) -> dict[str, str]:
    # The page shows and fetches results, which the object store may serve after a redirect.
    store = _origin(settings)
    policy = (
        "default-src 'self'; script-src 'self'; style-src 'self'; "
        f"img-src 'self' blob: data: {store}; connect-src 'self' {store}; media-src 'self' blob:; "
        "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    )
    return {
        "Content-Security-Policy": " ".join(policy.replace(" ;", ";").split()),
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Referrer-Policy": "no-referrer",
        "Permissions-Policy": "camera=(self), microphone=(), geolocation=()",  # the live view
        "Cross-Origin-Opener-Policy": "same-origin",
    }


def _origin(settings: Settings) -> str:
    if settings.s3_bucket is None:
        return ""
    url = settings.s3_public_endpoint_url or settings.s3_endpoint_url
    if url is None:
        return "https://*.amazonaws.com https://*.amazonaws.com.cn"  # AWS, and its regions in China
    parsed = urlsplit(url)
    return f"{parsed.scheme}://{parsed.netloc}"
