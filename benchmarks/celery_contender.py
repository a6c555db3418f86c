"""Celery without HTTP and without batcher, driven straight from the queue."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from redis import Redis

from benchmarks import clocks
from benchmarks.load import Outcome
from benchmarks.machine import ROOT, busy_s
from benchmarks.peers.celery_plain import COUNTER, PROCESSES
from benchmarks.stack import Program
from contract.settings import environment
from tests.services.process import wait_until
from tests.services.valkey import ValkeyServer, find_valkey

AHEAD = 64  # messages kept waiting


class PlainCelery:
    """A prefork worker and the plain task."""

    name = "Celery prefork, no batcher, same engine"

    def __init__(self, folder: Path, images: Sequence[Path]) -> None:
        outputs = folder / "outputs"
        outputs.mkdir(parents=True)
        self._valkey = ValkeyServer(find_valkey() or "", folder / "valkey")
        self._valkey.start()
        variables = environment() | {
            "PEER_FOLDER": str(outputs), "PEER_REDIS": self._valkey.url, "PYTHONPATH": str(ROOT),
        }  # fmt: skip
        command = [
            sys.executable, "-m", "celery", "-A", "benchmarks.peers.celery_plain", "worker",
            "--pool", "prefork", "-c", str(PROCESSES), "-l", "WARNING",
        ]  # fmt: skip
        self._worker = Program("celery", folder / "worker", command, variables)
        self._worker.start()
        self._images = images
        self._sent = 0
        self._redis: Redis = self._valkey.client()
        self._app = self._client_app()
        self._send(PROCESSES)
        wait_until(lambda: self._done() >= PROCESSES, "the Celery worker works", 60)

    def measure(self, seconds: float) -> Outcome:
        """Keep the queue filled and count what is done."""
        self._keep_filled(1.0)
        roots = {"celery": self._worker.pid, "valkey": self._valkey.pid}
        before, machine, done = clocks.cpu_s(roots), busy_s(), self._done()
        began = time.perf_counter()
        self._keep_filled(seconds)
        elapsed = time.perf_counter() - began
        count, after = self._done() - done, clocks.cpu_s(roots)
        used = {name: after[name] - before[name] for name in after}
        used["others"] = max(0.0, busy_s() - machine - sum(used.values()))
        wait_until(lambda: self._done() >= self._sent, "the queue is empty", 60)
        cpu = {name: s * 1e3 / count for name, s in used.items()}
        nan = float("nan")
        return Outcome(count, count / elapsed, nan, nan, nan, 0.0, cpu, {}, {})

    def pause(self) -> None:
        """Freeze both."""
        self._valkey.freeze()
        clocks.signal_tree(self._worker.pid, stop=True)

    def resume(self) -> None:
        """Thaw both."""
        self._valkey.thaw()
        clocks.signal_tree(self._worker.pid, stop=False)

    def stop(self) -> None:
        """End both."""
        self.resume()
        self._app.close()
        self._worker.stop()
        self._redis.close()
        self._valkey.stop()

    def _keep_filled(self, seconds: float) -> None:
        ends = time.perf_counter() + seconds
        while time.perf_counter() < ends:
            self._send(max(0, AHEAD - (self._sent - self._done())))
            time.sleep(0.05)

    def _send(self, count: int) -> None:
        for _ in range(count):
            path = self._images[self._sent % len(self._images)]
            self._app.send_task("benchmarks.peers.celery_plain.depth_of", args=(str(path),))
            self._sent += 1

    def _done(self) -> int:
        return int(self._redis.get(COUNTER) or 0)  # type: ignore[arg-type]

    def _client_app(self) -> Any:
        from celery import Celery

        return Celery("plain", broker=self._valkey.url, set_as_current=False)
