"""Work that meets a shortage of its machine waits, and is tried again: no input is at fault."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from contract.errors import StorageUnavailable
from runtime.shortage import is_shortage


def as_outage(error: BaseException) -> StorageUnavailable | None:
    """Return what to raise, from `error`, if it is a shortage of this machine; None: it is not."""
    if is_shortage(error):
        return StorageUnavailable(f"this worker's machine has too little for now: {error.strerror}")
    return None


@contextlib.contextmanager
def shortages_wait() -> Iterator[None]:
    """Turn a shortage of this machine into StorageUnavailable."""
    try:
        yield
    except OSError as exc:
        if outage := as_outage(exc):
            raise outage from exc
        raise
