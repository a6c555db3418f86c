"""The OpenAPI 3.1 document: adds what flask-openapi3 cannot read from the endpoints."""

from __future__ import annotations

from typing import Any, NoReturn

from flask import Request
from flask_openapi3.models.info import Info
from flask_openapi3.models.server import Server
from flask_openapi3.openapi import OpenAPI
from pydantic import BaseModel
from werkzeug.routing import RequestRedirect

from api.answers.version import VERSION
from contract.dataset_documents import RetryBody
from contract.documents import CreateJobFromUrl, Problem
from contract.errors import NotFound
from contract.image_header import DEFAULT_FORMATS
from contract.options import JobOptions
from contract.runs import DatasetSpec
from contract.video_documents import CreateVideo

DESCRIPTION = """Depth maps from photographs. Submit an image, poll the job, fetch its outputs.

The numbers are relative inverse depth: larger is nearer, without a unit."""

BEARER = {"type": "http", "scheme": "bearer", "description": "only where keys are configured"}
_REF = "#/components/schemas/{model}"


def schema_of(model: type[BaseModel]) -> dict[str, Any]:
    return model.model_json_schema(ref_template=_REF)


def _option_parameters() -> list[dict[str, Any]]:
    """Return the options as query parameters, for raw bodies."""
    return [
        {
            "name": name, "in": "query", "required": False, "schema": schema,
            "description": schema.get("description", "") + " (raw bodies only)",
            **({"style": "form", "explode": True} if schema.get("type") == "array" else {}),
        }
        for name, schema in without_null(schema_of(JobOptions))["properties"].items()
    ]  # fmt: skip


def without_null(schema: dict[str, Any]) -> dict[str, Any]:
    """Return `schema` with its nullable properties as plain optional ones: fields have no null."""
    properties = {}
    for name, each in schema["properties"].items():
        kinds = [kind for kind in each.get("anyOf", ()) if kind != {"type": "null"}]
        rest = {key: value for key, value in each.items() if key not in ("anyOf", "default")}
        properties[name] = {**rest, **kinds[0]} if kinds else each
    return {**schema, "properties": properties}


IMAGE_KINDS = "JPEG, PNG, WebP, HEIC or AVIF, by content"


def _form() -> dict[str, Any]:
    """Return the schema of the multipart form: the options and the image."""
    schema = without_null(schema_of(JobOptions))
    image = {"type": "string", "format": "binary", "description": IMAGE_KINDS}
    return {
        **schema,
        "title": "CreateJobForm",
        "properties": {"image": image, **schema["properties"]},
        "required": ["image"],
    }


def header(name: str, description: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": name,
        "in": "header",
        "required": False,
        "description": description,
        "schema": schema,
    }


IMAGE = {"schema": {"type": "string", "format": "binary"}}
MEDIA_TYPES = (
    *(f"image/{name}" for name in sorted(DEFAULT_FORMATS)),
    "application/octet-stream",
)

CREATE_JOB: dict[str, Any] = {
    "parameters": [
        *_option_parameters(),
        header("Prefer", "`wait=N`: hold the answer up to N seconds (at most 60) for the result",
                {"type": "string", "examples": ["wait=10"]}),
        header("Idempotency-Key", "the same key and image give the same job, for a day",
                {"type": "string", "pattern": "^[!-~]([ -~]{0,198}[!-~])?$"}),
    ],
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {"$ref": _REF.format(model="CreateJobForm")},
                "encoding": {"outputs": {"style": "form", "explode": True}},
            },
            **dict.fromkeys(MEDIA_TYPES, IMAGE),
            "application/json": {"schema": {"$ref": _REF.format(model="CreateJobFromUrl")}},
        },
    },
}  # fmt: skip


class DepthApp(OpenAPI):
    """The Flask app with its OpenAPI document; its own UI is off, ours has no inline script."""

    def __init__(self, public_url: str | None) -> None:
        super().__init__(
            "api",
            static_folder=None,
            info=Info(title="depthq", version=VERSION, description=DESCRIPTION),
            servers=[Server(url=public_url or "/")],
            security_schemes={"bearer": BEARER},
            validation_error_status=400,
            validation_error_model=Problem,
            doc_ui=False,
        )

    def raise_routing_exception(self, request: Request) -> NoReturn:
        """Answer 404 where flask would redirect to a normalized path.

        Such a redirect would contain the host name that the client sent.
        """
        if isinstance(request.routing_exception, RequestRedirect):
            raise NotFound("There is nothing here.")
        super().raise_routing_exception(request)

    def generate_spec_json(self) -> None:
        """Build the document and add the schemas that no signature mentions."""
        super().generate_spec_json()  # type: ignore[no-untyped-call]
        schemas = self.spec_json["components"]["schemas"]
        for name, schema in (
            ("CreateJobForm", _form()),
            ("CreateJobFromUrl", schema_of(CreateJobFromUrl)),
            ("CreateVideo", schema_of(CreateVideo)),
            ("DatasetSpec", schema_of(DatasetSpec)),
            ("RetryBody", schema_of(RetryBody)),
        ):
            schemas.update(schema.pop("$defs", {}))
            schemas[name] = schema
