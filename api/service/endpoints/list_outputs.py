"""`GET /v1/outputs`: what a job can make, with the options of each."""

from __future__ import annotations

from typing import Any

from flask import Response
from pydantic import Field

from api.answers.blueprint import SERVICE, document, problems, v1
from contract.documents import Document
from contract.outputs.declaration import Output
from contract.outputs.registry import OUTPUTS


class OutputCost(Document):
    """About what rendering takes on one core, beside decoding and the network: a hint."""

    ms: float = Field(description="whatever the picture's size")
    ms_per_megapixel: float = Field(description="more, for each million pixels of the result")


class OutputDeclaration(Document):
    """One output: what it is for, its file types, and its options as JSON Schema properties."""

    name: str
    line: dict[str, str] = Field(description="what it is good for, by language (`en`, `zh`)")
    media_types: dict[str, str] = Field(description="format → media type")
    format_option: str | None = Field(description="the option that chooses the format")
    options: dict[str, Any] = Field(description="option → JSON Schema")
    cost: OutputCost


class OutputList(Document):
    """All outputs, in the order in which they are made."""

    outputs: list[OutputDeclaration]


@v1.get(
    "/outputs",
    tags=[SERVICE],
    operation_id="list_outputs",
    summary="List what a job can make",
    responses={200: OutputList, **problems(401)},
)
def list_outputs() -> Response:
    """Answer the declarations of all outputs."""
    return document(OutputList(outputs=[_declared(output) for output in OUTPUTS.values()]))


def _declared(output: Output) -> OutputDeclaration:
    options: dict[str, Any] = {}
    for group in output.options:
        options |= group.model_json_schema()["properties"]
    return OutputDeclaration(
        name=output.name,
        line=dict(output.line),
        media_types={name: kind.media_type for name, kind in output.types.items()},
        format_option=output.format_option,
        options=options,
        cost=OutputCost(ms=output.cost.ms, ms_per_megapixel=output.cost.ms_per_megapixel),
    )
