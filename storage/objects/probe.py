"""Probes an object store as a job uses it: puts, gets and deletes a small object.

Asking for the bucket proves little: that is another client's call, and credentials that may read
may not write.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable

from contract.errors import NotFound, StorageUnavailable
from contract.names.object_keys import CHECK_PREFIX
from storage.objects.protocol import ObjectStore

GOOD_FOR_S = 10.0  # readiness is public, and requests to S3 cost money


class Probe:
    """Probes again when the last success is a while ago. Safe to share between threads."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._looking = threading.Lock()
        self._good_until = 0.0
        self._bad: StorageUnavailable | None = None

    def look(self, store: ObjectStore) -> None:
        """Raise StorageUnavailable unless `store` puts, gets and deletes an object."""
        if self._clock() < self._good_until:
            return
        if not self._looking.acquire(blocking=False):  # another thread probes: use its last answer
            if self._bad is not None:
                raise StorageUnavailable(self._bad.message)
            return
        try:
            use(store)
            self._good_until, self._bad = self._clock() + GOOD_FOR_S, None
        except StorageUnavailable as exc:
            self._bad = exc
            raise
        finally:
            self._looking.release()


def use(store: ObjectStore) -> None:
    """Put, get and delete a small object. Raises StorageUnavailable."""
    key = CHECK_PREFIX + secrets.token_hex(8)
    store.put(key, key.encode(), media_type="text/plain")
    try:
        if store.get(key) != key.encode():
            raise StorageUnavailable("the object store gives back other bytes than it took")
    except NotFound as exc:
        raise StorageUnavailable("the object store does not give back what it took") from exc
    finally:
        store.delete([key])
