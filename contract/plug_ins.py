"""Declarations that other packages bring, found by their entry points. What is broken is left out:
whatever another package does wrong, the service starts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import fields, replace
from importlib.metadata import EntryPoint, entry_points
from typing import Any, TypeVar, cast

from pydantic import TypeAdapter, ValidationError

_Declaration = TypeVar("_Declaration")


def plugged_in(
    group: str,
    kind: type[_Declaration],
    check: Callable[[_Declaration], None],
    broken: dict[str, str],
) -> Iterator[_Declaration]:
    """Yield the declarations of `group` that are whole, a dataclass `kind` each.

    `check` raises what is wrong with one. What is left out, and why, goes into `broken`.
    """
    for entry in sorted(entry_points(group=group), key=lambda entry: (entry.name, entry.value)):
        try:
            declared = _typed(entry.load(), kind)
            check(declared)
        except (Exception, SystemExit) as exc:
            why = repr(exc) if isinstance(exc, SystemExit) else exc
            broken[named(entry)] = f"{entry.value}: {why}"
        else:
            yield declared


def named(entry: EntryPoint) -> str:
    """Return the entry as its package declares it: two packages may use the same name."""
    return f"{entry.name} = {entry.value}"


def _typed(declared: Any, kind: type[_Declaration]) -> _Declaration:
    """Return `declared` with the types that its fields should have. Raises TypeError."""
    if not isinstance(declared, kind):
        raise TypeError(f"is no {kind.__name__} but {type(declared).__name__}")
    names = [field.name for field in fields(cast("Any", kind))]
    try:
        checked = TypeAdapter(kind).validate_python({n: getattr(declared, n) for n in names})
    except ValidationError as exc:
        first = exc.errors()[0]
        raise TypeError(f"{'.'.join(map(str, first['loc']))}: {first['msg']}") from None
    changes = {name: getattr(checked, name) for name in names}
    return cast("_Declaration", replace(cast("Any", declared), **changes))
