"""`GET /version`: what is running."""

from __future__ import annotations

from flask import Response

from api.answers.blueprint import SERVICE, document, problems, root
from api.answers.version import VERSION
from contract.documents import VersionDocument


@root.get(
    "/version",
    tags=[SERVICE],
    operation_id="get_version",
    summary="Ask what is running",
    responses={200: VersionDocument, **problems()},
)
def get_version() -> Response:
    """Answer name and version of the software, and the version of the API."""
    return document(VersionDocument(name="depthq", version=VERSION, api="v1"))
