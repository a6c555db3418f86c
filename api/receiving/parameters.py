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


class DatasetPath(Parameters):
    """Which dataset. What is no id is not found, rather than invalid."""

    dataset_id: str = Field(json_schema_extra={"pattern": ID_PATTERN})


class ItemOutputPath(DatasetPath):
    """Which file of which item."""

    item_id: str = Field(json_schema_extra={"pattern": "^[0-9a-f]{32}$"})
    name: str = Field(description="`depth` or `heatmap`", json_schema_extra={"pattern": "^[a-z]+$"})


class DatasetFilePath(DatasetPath):
    """Which of a dataset's own files."""

    name: str = Field(
        description="`summary.json`, `errors.jsonl`, `index.parquet`, a tar: `000000.tar`",
        json_schema_extra={"pattern": "^[a-z0-9]+[.][a-z]+$"},
    )


class DryRunQuery(Parameters):
    """Whether to run it, or only to say what it would take."""

    dry_run: bool = Field(False, description="list, sample and run a few; keep nothing")


class PageQuery(Parameters):
    """Which page of a list."""

    cursor: str = Field("", max_length=100, description="`next_cursor` of the page before")
    limit: int = Field(20, ge=1, le=100)


class ErrorsQuery(Parameters):
    """Which page of the failures."""

    cursor: str = Field("", max_length=100, description="`next_cursor` of the page before")
    limit: int = Field(100, ge=1, le=1000)
    code: str = Field("", max_length=400, description="only these codes, separated by commas")


class FilePath(Parameters):
    """Which static file."""

    name: str


class WaitQuery(Parameters):
    """How long to hold the answer back for a change."""

    wait: int = Field(
        0, ge=0, le=MAX_WAIT_S, description="seconds to wait until the job has ended"
        " (with If-None-Match: until it has changed)",
    )  # fmt: skip
