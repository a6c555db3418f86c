"""Runs webhook calls concurrently: one at a time per key and receiver.

A slow receiver delays its own calls only. Each key, and each host, has a limited number of lines.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from typing import NamedTuple

from contract.errors import StorageUnavailable

log = logging.getLogger(__name__)

AT_ONCE = 32  # lines; all keys together
PER_KEY = 8
PER_HOST = 4
LINE_S = 10.0  # then the line ends and other receivers of its key have their turn


class Line(NamedTuple):
    """The owner of the calls and their host; owner None: no keys are configured."""

    owner: str | None
    host: str


class Lines:
    """Runs `tell` for the items of each line in a thread of its own."""

    def __init__(self, tell: Callable[[str], object]) -> None:
        self._tell = tell
        self._lock = threading.Lock()
        self._busy: dict[Line, set[str]] = {}

    def under_way(self) -> set[str]:
        """Return the items that lines hold and have not called yet."""
        with self._lock:
            return {item_id for taken in self._busy.values() for item_id in taken}

    def begin(self, line: Line, item_ids: Sequence[str]) -> threading.Thread | None:
        """Call for the items, in order; None: this line must wait."""
        with self._lock:
            if not self._free(line):
                return None
            self._busy[line] = set(item_ids)
        # a daemon: a process that ends does not wait for receivers
        thread = threading.Thread(
            target=self._run, args=(line, item_ids), name="webhooks", daemon=True
        )
        thread.start()
        return thread

    def _free(self, line: Line) -> bool:
        hosts = Counter(busy.host for busy in self._busy)
        keys = Counter(busy.owner for busy in self._busy if busy.owner is not None)
        return (
            line not in self._busy
            and len(self._busy) < AT_ONCE
            and hosts[line.host] < PER_HOST
            and (line.owner is None or keys[line.owner] < PER_KEY)
        )

    def _run(self, line: Line, item_ids: Sequence[str]) -> None:
        until = time.monotonic() + LINE_S
        try:
            for item_id in item_ids:
                self._try(item_id)
                with self._lock:
                    self._busy[line].discard(item_id)
                if time.monotonic() > until:
                    return
        except StorageUnavailable as exc:
            log.warning("webhooks wait: %s", exc, extra={"action": "webhook"})
        finally:
            with self._lock:
                del self._busy[line]

    def _try(self, item_id: str) -> None:
        try:
            self._tell(item_id)
        except StorageUnavailable:
            raise
        except Exception:  # the items after it are called all the same
            log.exception("webhook not called", extra={"action": "webhook", "job_id": item_id})
