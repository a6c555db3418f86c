"""Known weights by name: the files that the declarations of models name."""

from __future__ import annotations

from contract.models.declaration import ModelSpec, Weights
from contract.models.registry import find_model, known_weights
from contract.wrong_fields import no_weights
from worker.weights.errors import WeightsUsageError


def find(name: str) -> tuple[ModelSpec, Weights] | None:
    """Return the weights called `name` (by name, id or model), with their model; or None."""
    for known in known_weights():
        if name in (known[1].name, known[1].weights_id):
            return known
    spec = find_model(name)
    return (spec, spec.weights[0]) if spec and spec.weights else None


def get(name: str) -> tuple[ModelSpec, Weights]:
    """Return the weights called `name`, with their model. Raises WeightsUsageError."""
    found = find(name)
    if found is None:
        names = [weights.name for _, weights in known_weights()]
        raise WeightsUsageError(no_weights(name, names))
    return found
