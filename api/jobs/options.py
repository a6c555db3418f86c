"""Reads a job's options from form fields or query parameters; the model does the checking."""

from __future__ import annotations

from collections.abc import Iterable

from pydantic import ValidationError
from werkzeug.datastructures import MultiDict

from api.answers.errors import InvalidFields, invalid_fields
from contract.documents import FieldProblem
from contract.options import JobOptions

LISTS = frozenset({"outputs"})  # may repeat, or be one comma-separated value


def option_fields(args: MultiDict[str, str]) -> list[tuple[str, str]]:
    """Return all names and values, repetitions included."""
    return list(args.items(multi=True))


def options_from(fields: Iterable[tuple[str, str]]) -> JobOptions:
    """Return the options. Raises InvalidFields, naming each that is unknown, double or wrong."""
    try:
        return JobOptions.model_validate(values_of(fields))
    except ValidationError as exc:
        raise invalid_fields(exc, JobOptions) from exc


def values_of(fields: Iterable[tuple[str, str]]) -> dict[str, str | list[str]]:
    """Return the fields by name. Raises InvalidFields on one that is given more than once."""
    values: dict[str, str | list[str]] = {}
    for name, value in fields:
        if name in LISTS:
            held = values.setdefault(name, [])
            assert isinstance(held, list)  # noqa: S101 - for mypy
            held += [part.strip() for part in value.split(",")]
        elif name in values:
            raise InvalidFields([FieldProblem(field=name[:60], message="given more than once")])
        else:
            values[name] = value
    return values
