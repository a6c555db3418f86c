"""The OpenAPI description of `POST /v1/depth`, made from the outputs' declarations."""

from __future__ import annotations

from typing import Any

from api.answers.openapi import IMAGE, IMAGE_KINDS, MEDIA_TYPES, schema_of, without_null
from api.answers.serving import file_content
from api.depth.options import DEFAULT_OUTPUT
from contract.immediate import FIELDS_OF_JOBS
from contract.options import JobOptions
from contract.outputs.registry import OUTPUTS


def _properties() -> dict[str, Any]:
    """Return the options, name → schema: one output, and what jobs have too."""
    output = {
        "type": "string",
        "enum": list(OUTPUTS),
        "default": DEFAULT_OUTPUT,
        "description": "what to answer with",
    }
    shared = without_null(schema_of(JobOptions))["properties"]
    kept = {name: each for name, each in shared.items() if name not in FIELDS_OF_JOBS}
    kept["deadline_s"] = {
        "type": "integer",
        "minimum": 1,
        "description": "seconds; by default and at most `DEPTHQ_IMMEDIATE_DEADLINE_S`",
    }
    return {"output": output, **kept}


def _parameters() -> list[dict[str, Any]]:
    return [
        {
            "name": name,
            "in": "query",
            "required": False,
            "schema": schema,
            "description": schema.get("description", "") + " (raw bodies only)",
        }
        for name, schema in _properties().items()
    ]


def _form() -> dict[str, Any]:
    image = {"type": "string", "format": "binary", "description": IMAGE_KINDS}
    return {
        "type": "object",
        "additionalProperties": False,
        "properties": {"image": image, **_properties()},
        "required": ["image"],
    }


_FILES = sorted({kind.media_type for output in OUTPUTS.values() for kind in output.types.values()})
_TEXT = {"schema": {"type": "string"}}

DEPTH_RESPONSES: dict[str, Any] = {
    "description": "The output's bytes; `Server-Timing` has the stages",
    "content": file_content(_FILES),
    "headers": {
        "Depthq-Model": _TEXT,
        "Depthq-Weights": _TEXT,
        "Depthq-Depth-Range": {**_TEXT, "description": "least and greatest inverse depth"},
        "Depthq-Downsampled-To": _TEXT,
        "Depthq-Warnings": _TEXT,
        "Server-Timing": _TEXT,
    },
}

CREATE_DEPTH: dict[str, Any] = {
    "parameters": _parameters(),
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {"schema": _form()},
            **dict.fromkeys(MEDIA_TYPES, IMAGE),
        },
    },
}
