"""Which kinds of long work are refused because no worker could ever do them."""

from __future__ import annotations

from api.load.capacity import Capacity
from contract.errors import NotInstalled
from contract.kinds.registry import KINDS
from contract.names.queues import Lane


def check_kind(capacity: Capacity, kind: str) -> None:
    """Raise NotInstalled if bulk workers live and each of them lacks `kind`.

    Without a live bulk worker the run waits for one. Earlier versions announce no lacks.
    """
    bulk = [w for w in capacity.workers() if w.serving and w.lane is Lane.BULK]
    if not bulk or not all(kind in worker.lacks for worker in bulk):
        return
    needs = KINDS[kind].needs
    cure = f": where the bulk workers run, `{needs}`, then start them again" if needs else ""
    raise NotInstalled(f"No worker of this service can compute a {kind}{cure}.")
