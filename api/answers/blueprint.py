"""The blueprints that endpoints register on, and the OpenAPI description of their answers."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from flask import Response
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag
from pydantic import BaseModel

from api.answers.errors import MEDIA_TYPE

JOBS = Tag(name="jobs", description="One image each: submit, poll, fetch")
DATASETS = Tag(name="datasets", description="Thousands to millions of images at once")
VIDEOS = Tag(name="videos", description="Steady depth of every frame of a video")
SERVICE = Tag(name="service", description="What serves, and how it is doing")

v1 = APIBlueprint("v1", __name__, url_prefix="/v1", abp_security=[{}, {"bearer": []}])
root = APIBlueprint("root", __name__, url_prefix="")


def problems(*statuses: int) -> dict[str | int, Any]:
    """Return the OpenAPI responses of those errors, and of 500 and 503, which any call may give."""
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {
        str(status): {"description": HTTPStatus(status).phrase, "content": content}
        for status in sorted({*statuses, 500, 503})
    }


def document(
    model: BaseModel, status: int = 200, headers: dict[str, str] | None = None
) -> Response:
    """Return `model` as a JSON answer."""
    response = Response(model.model_dump_json(), status=status, content_type="application/json")
    response.headers.update(headers or {})
    return response
