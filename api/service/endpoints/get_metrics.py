"""`GET /metrics`: what Prometheus reads."""

from __future__ import annotations

from flask import Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from api.answers.blueprint import SERVICE, problems, root
from api.services import services


@root.get(
    "/metrics",
    tags=[SERVICE],
    operation_id="get_metrics",
    summary="Read the metrics",
    responses={
        200: {
            "description": "Prometheus text format",
            "content": {"text/plain": {"schema": {"type": "string"}}},
        },
        **problems(),
    },
)
def get_metrics() -> Response:
    """Answer the counters of this process and the state of the ledger."""
    return Response(generate_latest(services().measures.registry), content_type=CONTENT_TYPE_LATEST)
