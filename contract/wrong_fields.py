"""Says what is wrong with fields, for people: one short sentence for each, with the nearest name.

Values are left out: they may be long, or secret in the wrong field.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

Place = tuple[int | str, ...]
_QUOTED = re.compile(r"'([^']*)'")
_BOUNDS = {
    "greater_than_equal": ("ge", "must be at least {}"),
    "greater_than": ("gt", "must be more than {}"),
    "less_than_equal": ("le", "must be at most {}"),
    "less_than": ("lt", "must be less than {}"),
    "string_too_long": ("max_length", "must have at most {} characters"),
}
_KINDS = {
    "missing": "is missing",
    "int_parsing": "must be a whole number",
    "int_type": "must be a whole number",
    "int_from_float": "must be a whole number",
    "float_parsing": "must be a number",
    "float_type": "must be a number",
    "bool_parsing": "must be true or false",
    "bool_type": "must be true or false",
    "string_type": "must be text",
}


@dataclass(frozen=True)
class WrongField:
    """A field that does not validate; `place` is empty where the whole is at fault."""

    place: Place
    says: str


def wrong_fields(error: ValidationError, model: type[BaseModel] | None = None) -> list[WrongField]:
    """Return what is wrong, field by field. `model` is what validated: it knows the right names."""
    found = error.errors(include_url=False)
    places = {tuple(each["loc"]) for each in found}
    return [
        WrongField(tuple(each["loc"]), _says(each, model))
        for each in found
        # A list whose only item is wrong counts as empty besides: that is the same mistake.
        if not (each["type"] == "too_short" and _has_below(places, tuple(each["loc"])))
    ]


def nearest(name: object, known: Iterable[str]) -> str:
    """Return `did you mean X?` if one of `known` is much like `name`, in any case, else nothing."""
    if not isinstance(name, str) or len(name) > 60:
        return ""
    spelled = {each.lower(): each for each in known}
    found = get_close_matches(name.lower(), spelled, n=1, cutoff=0.65)
    return f"did you mean {spelled[found[0]]}?" if found else ""


def no_model(name: str, known: Iterable[str]) -> str:
    """Return the sentence for a model that is none of `known`, the same wherever it is found."""
    return _unknown("No model is called", name, known)


def no_weights(name: str, known: Iterable[str]) -> str:
    """Return the sentence for weights that are none of `known`."""
    return _unknown("No weights are called", name, known)


def _unknown(begin: str, name: str, known: Iterable[str]) -> str:
    names = sorted(known)
    says = (f"{begin} {name};", nearest(name, names), f"known are {', '.join(names)}.")
    return " ".join(filter(None, says))


def _has_below(places: set[Place], place: Place) -> bool:
    return any(len(each) > len(place) and each[: len(place)] == place for each in places)


def _says(each: Mapping[str, Any], model: type[BaseModel] | None) -> str:
    kind, about = each["type"], each.get("ctx", {})
    if kind in ("literal_error", "enum"):
        choices = _QUOTED.findall(about["expected"])
        guess = nearest(each["input"], choices)
        return " ".join(filter(None, (guess, f"It is one of {', '.join(choices)}")))
    if kind == "extra_forbidden":
        guess = nearest(each["loc"][-1], _names_at(model, each["loc"][:-1]))
        return " ".join(filter(None, ("is not known here" + (guess and ";"), guess)))
    if kind in _BOUNDS:
        bound, words = _BOUNDS[kind]
        return words.format(about[bound])
    if kind == "too_short" and about.get("min_length") == 1:
        return "must not be empty"
    return _KINDS.get(kind) or str(each["msg"]).removeprefix("Value error, ")


def _names_at(model: type[BaseModel] | None, place: Place) -> list[str]:
    """Return the names that the model knows at `place` within it."""
    for step in place:
        field = model.model_fields.get(str(step)) if model else None
        inner = (field.annotation, *get_args(field.annotation)) if field else ()
        model = next((t for t in inner if isinstance(t, type) and issubclass(t, BaseModel)), None)
    return list(model.model_fields) if model else []
