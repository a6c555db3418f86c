"""All kinds: the modules of this package that declare one, and those of other packages.

Another package registers its own under the entry point group `depthq.kinds`; the entry is the
declaration (`my_package.my_kind:KIND`). A broken one is left out and named in BROKEN.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator

from contract import kinds as package
from contract.ids import DATASET, is_run_id, new_run_id
from contract.kinds.declaration import KindDeclaration
from contract.plug_ins import plugged_in

GROUP = "depthq.kinds"
_QUEUES = ("steps",)  # endings of the names of queues

BROKEN: dict[str, str] = {}  # `name = value` of an entry point → why it could not be used


def _own() -> Iterator[KindDeclaration]:
    for module in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
        declared = getattr(importlib.import_module(module.name), "KIND", None)
        if isinstance(declared, KindDeclaration):
            yield declared


def _plugged_in(taken: set[str]) -> Iterator[KindDeclaration]:
    yield from plugged_in(GROUP, KindDeclaration, lambda declared: _check(declared, taken), BROKEN)


def _check(declared: KindDeclaration, taken: set[str]) -> None:
    name = declared.name
    if name in taken:
        raise ValueError(f"there is a kind {name!r} already")
    if not is_run_id(new_run_id(name), name) or name in _QUEUES:
        raise ValueError(f"{name!r} is no name: 2 to 20 lower-case letters and digits")
    taken.add(name)


def own_kinds() -> tuple[KindDeclaration, ...]:
    """Return the kinds that depthq brings itself, the dataset first."""
    return tuple(sorted(_own(), key=lambda declared: (declared.name != DATASET, declared.name)))


def _all() -> dict[str, KindDeclaration]:
    own = own_kinds()
    found = [*own, *_plugged_in({declared.name for declared in own})]
    return {declared.name: declared for declared in found}


KINDS = _all()  # the dataset first
