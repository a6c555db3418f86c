"""The options of outputs as options of a command, made from their declarations."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Annotated, Any, get_args

import typer
from pydantic.fields import FieldInfo

from contract.models.registry import MODELS
from contract.outputs.registry import OUTPUTS, option_groups

SIZE_HELP = (
    "original (at most 4096 px a side, or as the service is set: larger pictures get smaller "
    "results), or model (small and fast)"
)
_KINDS = (bool, int, float)


def with_output_options(
    command: Callable[..., None], *, several: bool = True
) -> Callable[..., None]:
    """Return `command` with the options that decide a job's files: what, how large, and how.

    It gets those that were given as a dict in its parameter `chosen`. Without `several` the option
    is `output`, and names one.
    """
    made = {
        **_outputs(several),
        "size": _parameter("size", str, SIZE_HELP),
        "model": _parameter("model", str, f"{', '.join(MODELS)}; `depthq models list` says more"),
    }
    for group in option_groups():
        for name, field in group.model_fields.items():
            made[name] = _parameter(name, _kind(field), _help(field))

    @functools.wraps(command)
    def run(**given: Any) -> None:
        chosen = {name: given.pop(name) for name in made}
        if chosen.get("outputs"):
            chosen["outputs"] = by_comma(chosen["outputs"])
        command(**given, chosen={name: v for name, v in chosen.items() if v is not None})

    signature = inspect.signature(command, eval_str=True)
    own = [p for p in signature.parameters.values() if p.name != "chosen"]
    parameters = [*own, *made.values()]
    run.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]
    run.__annotations__ = {p.name: p.annotation for p in parameters}
    return run


def _outputs(several: bool) -> dict[str, inspect.Parameter]:
    names = ", ".join(OUTPUTS)
    if several:
        words = f"by comma, or repeated: {names}; default depth,heatmap"
        return {"outputs": _parameter("outputs", list[str], words, "--output")}
    return {"output": _parameter("output", str, f"one of {names}; default depth", "--outputs")}


def by_comma(given: list[str]) -> list[str]:
    """Return the names of an option that may repeat and hold several."""
    return [name.strip() for each in given for name in each.split(",") if name.strip()]


def _parameter(name: str, kind: type, words: str, *also: str) -> inspect.Parameter:
    flag = f"--{name.replace('_', '-')}"
    flag = f"{flag}/--no-{flag[2:]}" if kind is bool else flag
    option = typer.Option(flag, *also, help=words)
    annotation = Annotated[kind | None, option]  # type: ignore[valid-type]
    keyword = inspect.Parameter.KEYWORD_ONLY
    return inspect.Parameter(name, keyword, default=None, annotation=annotation)


def _kind(field: FieldInfo) -> type:
    """Return what the command line reads: a switch, a number, or text that the model checks."""
    allowed = {field.annotation, *get_args(field.annotation)}
    return next((kind for kind in _KINDS if kind in allowed), str)


def _help(field: FieldInfo) -> str:
    choices = [value for value in get_args(field.annotation) if isinstance(value, str)]
    default = "" if field.default is None else f"default {field.default}"
    parts = [field.description, ", ".join(choices), default]
    return "; ".join(part for part in parts if part)
