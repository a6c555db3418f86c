"""The CPU time of this process and its decoding children."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

_TICKS_PER_S = os.sysconf("SC_CLK_TCK")


class CpuMeter:
    """Assigns every CPU second once, to the shard that asks first."""

    def __init__(self, children: Callable[[], Sequence[int]] = lambda: ()) -> None:
        self._children = children
        self._lock = threading.Lock()
        self._seen: dict[int, float] = {}
        self.lap()

    def lap(self) -> float:
        """Return the seconds used since the last call."""
        with self._lock:
            present = {pid: _used_s(pid) for pid in self._children()} | {0: time.process_time()}
            used = sum(
                max(0.0, seconds - self._seen.get(pid, 0.0)) for pid, seconds in present.items()
            )
            self._seen = present
            return used


def _used_s(pid: int) -> float:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:  # ended meanwhile, or there is no /proc here
        return 0.0
    return (int(fields[11]) + int(fields[12])) / _TICKS_PER_S
