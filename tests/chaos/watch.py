"""Memory and file descriptors of processes over time, over all their lives."""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from tests.services.process import ServiceProcess

EVERY_S = 2.0
SETTLED = 0.5  # of a life: before, caches fill and every thread touches its memory for once

Sample = tuple[float, float, int]  # seconds, resident KiB, descriptors


class Watch:
    """Samples /proc in a thread."""

    def __init__(self, processes: Mapping[str, ServiceProcess]) -> None:
        self._processes = processes
        self._samples: dict[str, dict[int, list[Sample]]] = defaultdict(lambda: defaultdict(list))
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        """Start sampling."""
        self._thread.start()

    def stop(self) -> None:
        """Stop sampling."""
        self._stopping.set()
        self._thread.join()

    def report(self) -> list[dict[str, Any]]:
        """Return a line per process, on the second half of its longest life."""
        return [self._line(name, lives) for name, lives in sorted(self._samples.items())]

    def _line(self, name: str, lives: dict[int, list[Sample]]) -> dict[str, Any]:
        longest = max(lives.values(), key=len)
        settled = longest[0][0] + SETTLED * (longest[-1][0] - longest[0][0])
        samples = [each for each in longest if each[0] >= settled]
        times, rss, fds = (np.array(column, float) for column in zip(*samples, strict=True))
        slope = float(np.polyfit(times - times[0], rss, 1)[0]) if len(samples) > 2 else 0.0
        return {
            "name": name,
            "lives": len(lives),
            "watched_s": float(times[-1] - times[0]),
            "rss_first_mib": rss[0] / 1024,
            "rss_last_mib": rss[-1] / 1024,
            "rss_slope_kib_per_min": slope * 60,
            "fds_first": int(fds[0]),
            "fds_last": int(fds[-1]),
            "fds_max": int(fds.max()),
        }

    def _run(self) -> None:
        while not self._stopping.wait(EVERY_S):
            for name, process in self._processes.items():
                try:
                    pid = process.pid
                    self._samples[name][pid].append((time.monotonic(), *_look(pid)))
                except (RuntimeError, OSError, ValueError):
                    continue  # it is down at this moment, which is what a soak is about


def _look(pid: int) -> tuple[float, int]:
    status = Path(f"/proc/{pid}/status").read_text()
    [rss] = [float(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS")]
    return rss, len(list(Path(f"/proc/{pid}/fd").iterdir()))
