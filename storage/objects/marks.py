"""Marks: state that is otherwise in Redis only, as empty objects with meaningful names.

A mark is written before something is promised and removed when it is done, or with its folder.
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
    """Remove a mark, best effort: one that stays causes one repetition after a loss of Redis."""
    try:
        store.delete([key])
    except StorageUnavailable as exc:
        log.warning("mark left behind: %s", exc, extra={"action": "clear_mark"})
