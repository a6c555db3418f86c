"""Items without bytes, pixels or files, to measure what it costs to coordinate them."""

from __future__ import annotations

import threading
import time

from contract.items import Item
from contract.jobs import DepthInfo
from contract.options import JobOptions
from worker.attempts.metrics import StageClock
from worker.datasets.items import Compute, Fetches, ItemOutput, Range

SCHEME = "null://"


class _Nothing(bytes):
    """The bytes of a simulated item: none, but distinct from an empty file."""


_NOTHING = _Nothing()
_OUTPUT = ItemOutput(width=640, height=480, depth=DepthInfo(min=0.0, max=1.0), files=())


class Simulated:
    """Wraps a fetcher and a computer: handles `null://` items itself and passes the others on.

    One image at a time takes `item_s`, as if there were an engine.
    """

    def __init__(self, fetcher: Fetches, compute: Compute, item_s: float) -> None:
        self._fetcher = fetcher
        self._compute = compute
        self._item_s = item_s
        self._engine = threading.Lock()

    def fetch(self, item: Item, owner: str | None) -> bytes:
        """Return the bytes of a real item, none of a simulated one."""
        if item.uri.startswith(SCHEME):
            return _NOTHING
        return self._fetcher.fetch(item, owner)

    def compute(
        self, data: bytes, options: JobOptions, clock: StageClock, shared_range: Range | None
    ) -> ItemOutput:
        """Compute real bytes; sleep for a simulated item."""
        if data is not _NOTHING:
            return self._compute(data, options, clock, shared_range)
        if self._item_s:
            with self._engine:
                time.sleep(self._item_s)
        return _OUTPUT
