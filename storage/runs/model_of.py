"""Which model a dataset is computed by: decides the queue of each of its steps."""

from __future__ import annotations

import threading
from collections import OrderedDict

from contract.models.declaration import DEFAULT_MODEL
from contract.runs import RunRequest
from storage.runs.files import RunObjects
from storage.runs.store import RunStore

_KNOWN = 10_000


class ModelOf:
    """Looks in the ledger, for a dry run in its request; remembers, since it never changes."""

    def __init__(self, ledger: RunStore, files: RunObjects) -> None:
        self._ledger, self._files = ledger, files
        self._lock = threading.Lock()
        self._known: OrderedDict[str, str] = OrderedDict()

    def __call__(self, dataset_id: str) -> str:
        """Return the model's name; the default one's if there is no such dataset (any more).

        Raises StorageUnavailable.
        """
        with self._lock:
            if dataset_id in self._known:
                return self._known[dataset_id]
        request = self._request(dataset_id)
        if request is None:
            return DEFAULT_MODEL
        model = request.spec.options.model
        with self._lock:
            self._known[dataset_id] = model
            if len(self._known) > _KNOWN:
                self._known.popitem(last=False)
        return model

    def _request(self, dataset_id: str) -> RunRequest | None:
        record = self._ledger.get(dataset_id)
        return record.request if record else self._files.request(dataset_id)
