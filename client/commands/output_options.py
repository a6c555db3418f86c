"""The options of outputs as options of a command, made from their declarations."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Annotated, Any, get_args

import typer
from pydantic.fields import FieldInfo

from contract.outputs.registry import OUTPUTS, option_groups

_KINDS = (bool, int, float)


def with_output_options(command: Callable[..., None]) -> Callable[..., None]:
    """Return `command` with one option more for each that an output declares.

    It gets those that were given as a dict in its parameter `chosen`.
    """
    fields = {
        name: field for group in option_groups() for name, field in group.model_fields.items()
    }

    @functools.wraps(command)
    def run(**given: Any) -> None:
        chosen = {name: given.pop(name) for name in fields}
        command(**given, chosen={name: v for name, v in chosen.items() if v is not None})

    signature = inspect.signature(command, eval_str=True)
    own = [p for p in signature.parameters.values() if p.name != "chosen"]
    parameters = [*own, *(_parameter(name, field) for name, field in fields.items())]
    run.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]
    run.__annotations__ = {p.name: p.annotation for p in parameters}
    return run


def outputs_help() -> str:
    """Return the help of `--outputs`: all names."""
    return "by comma: " + ", ".join(OUTPUTS)


def _parameter(name: str, field: FieldInfo) -> inspect.Parameter:
    kind = next((k for k in _KINDS if field.annotation is k), str)
    annotation = Annotated[kind | None, typer.Option(help=_help(field))]  # type: ignore[valid-type]
    return inspect.Parameter(
        name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=annotation
    )


def _help(field: FieldInfo) -> str:
    choices = [value for value in get_args(field.annotation) if isinstance(value, str)]
    parts = [field.description, ", ".join(choices), f"default {field.default}"]
    return "; ".join(part for part in parts if part)
