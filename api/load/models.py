"""Which models are known and served: what a submission may ask for."""

from __future__ import annotations

from pathlib import Path

from api.load.capacity import Capacity
from contract.errors import InvalidRequest, ModelNotServed
from contract.models.declaration import DEFAULT_MODEL, ModelSpec
from contract.models.own import own_specs
from contract.models.registry import MODELS
from contract.names.queues import Lane
from contract.wrong_fields import no_model


class Models:
    """The declared models, those of the operator's own, and what live workers hold."""

    def __init__(self, capacity: Capacity, cache_dir: Path, *, accept_unserved: bool) -> None:
        self._capacity = capacity
        self._cache_dir = cache_dir
        self._accept_unserved = accept_unserved

    def declared(self) -> dict[str, ModelSpec]:
        """Return every declaration that this API can read, by name."""
        return {**MODELS, **own_specs(self._cache_dir)}

    def served(self, lane: Lane) -> list[str]:
        """Return the names of what live workers of `lane` compute by."""
        serving = (w for w in self._capacity.workers() if w.serving and w.lane is lane)
        return sorted({held.name for worker in serving for held in worker.held()})

    def check(self, name: str, lane: Lane) -> None:
        """Raise InvalidRequest for a model that is unknown, ModelNotServed for one without workers.

        The default one may wait for workers, as ever.
        """
        if name == DEFAULT_MODEL:
            return
        served = self.served(lane)
        if name in served:
            return
        if name not in MODELS and name not in self.declared():
            raise InvalidRequest(no_model(name, {*self.declared(), *served}))
        if not self._accept_unserved:
            raise ModelNotServed(
                f"No {lane.value} worker serves {name} now; served are "
                f"{', '.join(served) or 'none'}. See GET /v1/models."
            )
