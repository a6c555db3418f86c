"""Marks: what only Redis would know of a job or dataset, as empty objects with telling names.

Written where a promise is made, removed where it is kept, and with their folder.
"""

from __future__ import annotations

import logging

from contract.errors import StorageUnavailable
from storage.objects.protocol import ObjectStore

log = logging.getLogger(__name__)


def set_mark(store: ObjectStore, key: str) -> None:
    """Write the mark `key`. Raises StorageUnavailable."""
    store.put(key, b"", media_type="text/plain")


def clear_mark(store: ObjectStore, key: str) -> None:
    """Remove a mark, as well as we can: one that stays is acted upon once more after a wipe."""
    try:
        store.delete([key])
    except StorageUnavailable as exc:
        log.warning("mark left behind: %s", exc, extra={"action": "clear_mark"})
