"""The models of path and query parameters: validation and OpenAPI in one."""

from __future__ import annotations

from functools import cache
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from contract.ids import ID_PATTERN

MAX_WAIT_S = 60


class Parameters(BaseModel):
    """Base: unknown parameters are errors."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    @classmethod
    def model_json_schema(cls, **options: Any) -> dict[str, Any]:  # type: ignore[override]
        """Return the schema, built once: flask-openapi3 asks for it in every request."""
        return _schema(cls, tuple(sorted(options.items())))


@cache
def _schema(model: type[Parameters], options: tuple[tuple[str, Any], ...]) -> dict[str, Any]:
    return super(Parameters, model).model_json_schema(**dict(options))


class JobPath(Parameters):
    """Which job. What is no id is not found, rather than invalid."""

    job_id: str = Field(json_schema_extra={"pattern": ID_PATTERN})


class OutputPath(JobPath):
    """Which file of which job."""

    name: str = Field(description="`depth` or `heatmap`", json_schema_extra={"pattern": "^[a-z]+$"})


class FilePath(Parameters):
    """Which static file."""

    name: str


class WaitQuery(Parameters):
    """How long to hold the answer back for a change."""

    wait: int = Field(
        0, ge=0, le=MAX_WAIT_S, description="seconds to wait until the job has ended"
        " (with If-None-Match: until it has changed)",
    )  # fmt: skip
