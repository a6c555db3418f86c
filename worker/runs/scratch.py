"""This machine's own disk, for what is under way: while it is full, work waits for it."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator
from typing import BinaryIO, cast

from contract.errors import StorageUnavailable


@contextlib.contextmanager
def using_scratch() -> Iterator[None]:
    """Turn what the disk refuses into StorageUnavailable: no item and no shard is at fault."""
    try:
        yield
    except OSError as exc:
        why = exc.strerror or "no reason given"
        raise StorageUnavailable(f"this worker's disk for temporary files refuses: {why}") from exc


@contextlib.contextmanager
def scratch_file() -> Iterator[BinaryIO]:
    """Yield a temporary file, gone in the end. Raises StorageUnavailable if there can be none."""
    with using_scratch():
        file = cast("BinaryIO", tempfile.TemporaryFile())  # noqa: SIM115 - closed below
    try:
        yield file
    finally:
        with contextlib.suppress(OSError):  # what a full disk did not take is still buffered
            file.close()
