"""What OpenAPI says of the bodies and headers of the dataset calls."""

from __future__ import annotations

from typing import Any

HEADERS = [
    {
        "name": "Prefer",
        "in": "header",
        "required": False,
        "description": "`wait=N`: hold the answer up to N seconds (at most 60) for the end",
        "schema": {"type": "string", "examples": ["wait=10"]},
    },
    {
        "name": "Idempotency-Key",
        "in": "header",
        "required": False,
        "description": "the same key, spec and archive give the same dataset, for a day",
        "schema": {"type": "string", "pattern": "^[!-~]([ -~]{0,198}[!-~])?$"},
    },
]
_FORM = {
    "type": "object",
    "additionalProperties": False,
    "required": ["archive"],
    "properties": {
        "archive": {"type": "string", "format": "binary", "description": "zip or tar"},
        "spec": {"type": "string", "contentMediaType": "application/json"},
    },
}

CREATE_DATASET: dict[str, Any] = {
    "parameters": HEADERS,
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {"schema": {"$ref": "#/components/schemas/DatasetSpec"}},
            "multipart/form-data": {"schema": _FORM},
        },
    },
}
RETRY_DATASET: dict[str, Any] = {
    "requestBody": {
        "required": False,
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/RetryBody"}}},
    },
}

_EITHER = [{"$ref": f"#/components/schemas/{name}Document"} for name in ("Dataset", "Forecast")]
ACCEPTED: dict[str | int, Any] = {
    status: {
        "description": "The dataset, or the forecast of a dry run",
        "content": {"application/json": {"schema": {"anyOf": _EITHER}}},
    }
    for status in ("200", "202")
}
