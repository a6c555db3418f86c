"""All models: the modules of this package that declare one, and those of other packages.

Another package registers its own under the entry point group `depthq.models`; the entry is the
declaration (`my_package.my_model:MODEL`). A broken one is left out and named in BROKEN.
"""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Iterator

from contract import models as package
from contract.models.declaration import NAME_PATTERN, ModelSpec, Weights
from contract.plug_ins import plugged_in

GROUP = "depthq.models"

BROKEN: dict[str, str] = {}  # `name = value` of an entry point → why it could not be used


def find_model(name: str) -> ModelSpec | None:
    """Return the declaration of the model called `name` (its name or an alias); None: unknown."""
    if name in MODELS:
        return MODELS[name]
    return next((spec for spec in MODELS.values() if name in spec.aliases), None)


def own_models() -> tuple[ModelSpec, ...]:
    """Return the models that depthq brings itself, in their order."""
    return tuple(sorted(_own(), key=_place))


def known_weights() -> tuple[tuple[ModelSpec, Weights], ...]:
    """Return every published file of weights with the model that it is for."""
    return tuple((spec, weights) for spec in MODELS.values() for weights in spec.weights)


def check_name(name: str) -> None:
    """Raise ValueError unless `name` can be a model's: it is part of names of queues and keys."""
    if not re.fullmatch(NAME_PATTERN, name):
        raise ValueError(f"{name!r} is no name: lower-case letters, digits, underscores")


def _place(spec: ModelSpec) -> tuple[int, str]:
    return spec.order, spec.name


def _own() -> Iterator[ModelSpec]:
    for module in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
        declared = getattr(importlib.import_module(module.name), "MODEL", None)
        if isinstance(declared, ModelSpec):
            yield declared


def _plugged_in(own: list[ModelSpec]) -> Iterator[ModelSpec]:
    taken = {name for spec in own for name in (spec.name, *spec.aliases)}
    yield from plugged_in(GROUP, ModelSpec, lambda declared: _check(declared, taken), BROKEN)


def _check(declared: ModelSpec, taken: set[str]) -> None:
    names = (declared.name, *declared.aliases)
    for name in names:
        check_name(name)
        if name in taken:
            raise ValueError(f"there is a model {name!r} already")
    taken |= set(names)


def _all() -> dict[str, ModelSpec]:
    own = list(_own())
    found = [*own, *_plugged_in(own)]
    return {spec.name: spec for spec in sorted(found, key=_place)}


MODELS = _all()
