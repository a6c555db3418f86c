"""`GET /metrics`: what Prometheus reads; `GET /v1/metrics`: the same, for those with a key."""

from __future__ import annotations

from flask import Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from api.answers.blueprint import SERVICE, problems, root, v1
from api.services import services

_TEXT = {
    "description": "Prometheus text format",
    "content": {"text/plain": {"schema": {"type": "string"}}},
}


@root.get(
    "/metrics",
    tags=[SERVICE],
    operation_id="get_metrics",
    summary="Read the metrics",
    responses={200: _TEXT, **problems()},
)
def get_metrics() -> Response:
    """Answer the counters of this process and the state of the ledger."""
    return _metrics()


@v1.get(
    "/metrics",
    tags=[SERVICE],
    operation_id="get_guarded_metrics",
    summary="Read the metrics, with a key",
    responses={200: _TEXT, **problems(401)},
)
def get_guarded_metrics() -> Response:
    """Answer what `/metrics` does, also where a proxy hides that from outside."""
    return _metrics()


def _metrics() -> Response:
    return Response(generate_latest(services().measures.registry), content_type=CONTENT_TYPE_LATEST)
