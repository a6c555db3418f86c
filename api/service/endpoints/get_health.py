"""`GET /healthz`: the process answers.

Depends on nothing else, so that an outage elsewhere causes no restart.
"""

from __future__ import annotations

from flask import Response

from api.answers.blueprint import SERVICE, document, problems, root
from contract.documents import HealthDocument


@root.get(
    "/healthz",
    tags=[SERVICE],
    operation_id="get_health",
    summary="Ask whether the process answers",
    responses={200: HealthDocument, **problems()},
)
def get_health() -> Response:
    """Answer `ok`."""
    return document(HealthDocument(status="ok"), headers={"Cache-Control": "no-store"})
