"""The declaration of an output, which API, command line, page and documents read."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, WithJsonSchema
from pydantic_core import PydanticCustomError


def matching(pattern: str, says: str) -> Any:
    """Return the type of texts that `pattern` matches whole; for others the error is `says`.

    The pattern stands in OpenAPI, but in no error: people do not read regular expressions.
    """

    def check(text: str) -> str:
        if not re.fullmatch(pattern, text):
            raise PydanticCustomError("string_form", "{says}", {"says": says})
        return text

    shown = WithJsonSchema({"type": "string", "pattern": f"^{pattern}$"})
    return Annotated[str, AfterValidator(check), shown]


class Need(StrEnum):
    """What a renderer reads beside the depth. Asked for only then: pixels cost a full decode."""

    PIXELS = "pixels"  # the upright photograph, uint8 (height, width, 3), RGB
    CAMERA = "camera"  # the focal length that EXIF tells, if any


class OutputOptions(BaseModel):
    """Base of the groups of options that outputs declare. Names are flat: one job, one name each.

    Two outputs that share an option list the same group.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    def needed(self) -> frozenset[Need]:
        """Return what the values chosen need beside what the outputs declare.

        Called with a job's options, for the groups of the outputs that it asks for.
        """
        return frozenset()


def option(default: Any, **about: Any) -> Any:
    """Return the pydantic field of an option that jobs of earlier versions did not have.

    Left out of records while it has its default, so that a worker of the version before still
    reads them during a rolling upgrade.
    """
    return Field(default, exclude_if=lambda value: value == default, **about)


@dataclass(frozen=True)
class FileType:
    """How a file is named and served."""

    extension: str
    media_type: str


@dataclass(frozen=True)
class Cost:
    """About what rendering takes on one core: `ms`, and more by the picture's megapixels.

    A hint for estimates (`eta_s`), no promise: benchmarks/README.md has what was measured, and on
    which processor.
    """

    ms: float = 0.0
    ms_per_megapixel: float = 10.0


@dataclass(frozen=True)
class Output:
    """The declaration of one output.

    `types` maps a format to its file type; `format_option` names the option that chooses among
    them, None where there is only one. `renderer` is `module:function`, see worker.outputs.view.
    `line` says in one line what it is good for, by language (`en`, `zh`). `cost` is a hint of what
    rendering takes.
    """

    name: str
    renderer: str
    types: Mapping[str, FileType]
    line: Mapping[str, str]
    options: tuple[type[OutputOptions], ...] = ()
    format_option: str | None = None
    needs: frozenset[Need] = field(default_factory=frozenset)
    cost: Cost = Cost()
    order: int = 100  # of rendering and listing; equal ones by name

    def format_of(self, options: BaseModel) -> str:
        """Return the format that `options` choose: a key of `types`."""
        if self.format_option is None:
            return next(iter(self.types))
        return str(getattr(options, self.format_option))

    def file_type(self, options: BaseModel) -> FileType:
        """Return the type of the file that `options` ask for."""
        return self.types[self.format_of(options)]
