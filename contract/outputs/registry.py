"""All outputs: the modules of this package that declare one, and those of other packages.

Another package registers its own under the entry point group `depthq.outputs`; the entry is the
declaration (`my_package.my_output:OUTPUT`). A broken one is left out and named in BROKEN.
"""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Iterable, Iterator

from contract import outputs as package
from contract.outputs.declaration import FileType, Output, OutputOptions
from contract.plug_ins import plugged_in

GROUP = "depthq.outputs"
_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")

BROKEN: dict[str, str] = {}  # `name = value` of an entry point → why it could not be used


def output_of(name: str) -> Output:
    """Return the declaration of the output `name`. Raises KeyError if there is none."""
    return OUTPUTS[name]


def option_groups() -> tuple[type[OutputOptions], ...]:
    """Return every group of options once, in the order of the outputs."""
    return tuple(dict.fromkeys(group for output in OUTPUTS.values() for group in output.options))


def file_types() -> tuple[FileType, ...]:
    """Return every type that a file of a job can have, once."""
    return tuple(dict.fromkeys(t for output in OUTPUTS.values() for t in output.types.values()))


def own_outputs() -> tuple[Output, ...]:
    """Return the outputs that depthq brings itself, in their order."""
    return tuple(sorted(_own(), key=_place))


def _place(output: Output) -> tuple[int, str]:
    return output.order, output.name


def _own() -> Iterator[Output]:
    for module in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
        declared = getattr(importlib.import_module(module.name), "OUTPUT", None)
        if isinstance(declared, Output):
            yield declared


def _plugged_in(own: list[Output]) -> Iterator[Output]:
    taken = {output.name for output in own}
    groups = dict.fromkeys(group for output in own for group in output.options)
    yield from plugged_in(GROUP, Output, lambda declared: _check(declared, taken, groups), BROKEN)


def _check(declared: Output, taken: set[str], groups: dict[type[OutputOptions], None]) -> None:
    if declared.name in taken:
        raise ValueError(f"there is an output {declared.name!r} already")
    if not _NAME.fullmatch(declared.name):
        raise ValueError(f"{declared.name!r} is no name: lower-case letters, digits, underscores")
    for group in declared.options:
        _check_group(group, groups)
    taken.add(declared.name)
    groups |= dict.fromkeys(declared.options)


def _check_group(group: type[OutputOptions], groups: Iterable[type[OutputOptions]]) -> None:
    if not (isinstance(group, type) and issubclass(group, OutputOptions)):
        raise TypeError(f"{group!r} is no group of options (OutputOptions)")
    for other in groups:
        if group is not other and (both := group.model_fields.keys() & other.model_fields.keys()):
            raise ValueError(f"{other.__name__} has the option {min(both)!r} already")


def _all() -> dict[str, Output]:
    own = list(_own())
    found = [*own, *_plugged_in(own)]
    return {output.name: output for output in sorted(found, key=_place)}


OUTPUTS = _all()
