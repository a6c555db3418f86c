"""What a client may ask of a job. The pydantic model is the source of validation and OpenAPI.

`JobOptions` holds what all jobs share and, flat, the options that the outputs declare
(contract/outputs/).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeVar

from pydantic import AfterValidator, Field, StringConstraints, WithJsonSchema, create_model
from pydantic_core import PydanticCustomError

from contract.models.declaration import DEFAULT_MODEL, NAME_PATTERN
from contract.models.registry import MODELS, find_model
from contract.outputs.declaration import Need, Output, OutputOptions, option
from contract.outputs.registry import OUTPUTS, option_groups

Size = Literal["original", "model"]
# scheme, host (a name or an IPv4 address, no user), port, the rest; printable ASCII
URL_PATTERN = r"^https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?([/?][!-~]*)?$"


def _own_name(name: str) -> str:
    spec = find_model(name)
    if spec is None and not re.fullmatch(NAME_PATTERN, name):
        raise PydanticCustomError("model_form", "is no model's name: see GET /v1/models")
    return spec.name if spec else name


# An alias becomes the model's name. Which models are known beyond MODELS, the API finds out.
ModelName = Annotated[
    str,
    AfterValidator(_own_name),
    WithJsonSchema({"type": "string", "pattern": f"^{NAME_PATTERN}$", "examples": [*MODELS]}),
]
Group = TypeVar("Group", bound=OutputOptions)


class CommonOptions(OutputOptions):
    """The options of any job, whatever its outputs. Unknown options are errors."""

    outputs: tuple[str, ...] = ("depth", "heatmap")
    model: ModelName = option(
        DEFAULT_MODEL,
        description="what computes the depth; `GET /v1/models` says which are served: "
        + ", ".join(f"`{name}`" for name in MODELS),
    )
    size: Size = Field(
        "original",
        description="`original`: as large as the image, or smaller where a side is longer than "
        "`DEPTHQ_MAX_SIDE_PX` (4096 px by default): then `input.downsampled_to` says how large; "
        "`model`: as the network saw it",
    )

    def of(self, group: type[Group]) -> Group:
        """Return these options as the `group` of one output's, typed."""
        if not isinstance(self, group):
            raise TypeError(f"no output declares {group.__name__}")
        return self

    def needs(self) -> frozenset[Need]:
        """Return what rendering reads beside the depth."""
        found: set[Need] = set()
        for output in self.asked():
            found |= output.needs.union(*(group.needed(self) for group in output.options))
        return frozenset(found)

    def asked(self) -> tuple[Output, ...]:
        """Return the declarations of the outputs asked for, in their order of rendering."""
        return tuple(output for name, output in OUTPUTS.items() if name in self.outputs)


class EndOptions(OutputOptions):
    """A job's deadline, and the webhook to call when it has ended."""

    webhook_url: Annotated[str, StringConstraints(max_length=500, pattern=URL_PATTERN)] | None = (
        Field(None, description="called once when the job has ended (Standard Webhooks)")
    )
    deadline_s: Annotated[int, Field(ge=1, le=86_400)] | None = Field(
        None, description="seconds after acceptance when the result is no longer wanted"
    )


if TYPE_CHECKING:

    class JobOptions(EndOptions, CommonOptions):
        """The options of one job."""
else:

    def _job_options() -> type[CommonOptions]:
        names = Literal[tuple(OUTPUTS)]
        asked: Any = Annotated[tuple[names, ...], Field(min_length=1, max_length=len(OUTPUTS))]
        return create_model(
            "JobOptions",
            # the last base comes first: ids of items depend on the order of the first release
            __base__=(EndOptions, *option_groups(), CommonOptions),
            __module__=__name__,
            __doc__="The options of one job. Unknown options are errors.",
            outputs=(asked, CommonOptions.model_fields["outputs"].default),
        )

    JobOptions = _job_options()
