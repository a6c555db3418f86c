"""Celery without HTTP and without batcher, driven straight from the queue."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from redis import Redis

from benchmarks import clocks
from benchmarks.contenders import KEPT, bucket_beside
from benchmarks.load import Outcome
from benchmarks.machine import ROOT, busy_s
from benchmarks.peers.celery_plain import COUNTER, PROCESSES
from benchmarks.peers.keeping import put_input
from benchmarks.stack import BUCKET, Program
from contract.settings import environment
from tests.services.valkey import ValkeyServer, find_valkey
from tests.waits import wait_until

AHEAD = 64  # messages kept waiting


class PlainCelery:
    """A prefork worker and the plain task."""

    def __init__(self, folder: Path, images: Sequence[Path], keeps: str = "files") -> None:
        self.name = f"Celery prefork, no batcher, same engine{KEPT[keeps]}"
        self._keeps = keeps
        self._s3 = bucket_beside(folder) if keeps == "s3" else None
        outputs = folder / "outputs"
        outputs.mkdir(parents=True)
        self._valkey = ValkeyServer(find_valkey() or "", folder / "valkey")
        self._valkey.start()
        self._in_s3 = self._s3.variables(BUCKET) if self._s3 else {}
        os.environ.update(self._in_s3)  # this process puts the inputs
        variables = environment() | {
            "PEER_FOLDER": str(outputs), "PEER_REDIS": self._valkey.url, "PYTHONPATH": str(ROOT),
            "PEER_KEEPS": keeps, **self._in_s3,
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
        if self._s3:
            roots |= {self._s3.name: self._s3.pid}
        before, machine, done = self._cpu_s(roots), busy_s(), self._done()
        began = time.perf_counter()
        self._keep_filled(seconds)
        elapsed = time.perf_counter() - began
        count, after = self._done() - done, self._cpu_s(roots)
        used = {name: after[name] - before[name] for name in after}
        used["others"] = max(0.0, busy_s() - machine - sum(used.values()))
        wait_until(lambda: self._done() >= self._sent, "the queue is empty", 60)
        cpu = {name: s * 1e3 / count for name, s in used.items()}
        nan = float("nan")
        return Outcome(count, count / elapsed, nan, nan, nan, 0.0, cpu, {}, {})

    def pause(self) -> None:
        """Freeze all."""
        self._valkey.freeze()
        if self._s3:
            self._s3.freeze()
        clocks.signal_tree(self._worker.pid, stop=True)

    def resume(self) -> None:
        """Thaw all."""
        self._valkey.thaw()
        if self._s3:
            self._s3.thaw()
        clocks.signal_tree(self._worker.pid, stop=False)

    def stop(self) -> None:
        """End all."""
        self.resume()
        self._app.close()
        self._worker.stop()
        self._redis.close()
        self._valkey.stop()
        for name in self._in_s3:  # else later suites would store there
            os.environ.pop(name, None)
        if self._s3:
            self._s3.stop()

    def _cpu_s(self, roots: dict[str, int]) -> dict[str, float]:
        """As `clocks.cpu_s`, and this process, the producer, without the contenders it started."""
        return clocks.cpu_s(roots) | ({"producer": time.process_time()} if self._s3 else {})

    def _keep_filled(self, seconds: float) -> None:
        ends = time.perf_counter() + seconds
        while time.perf_counter() < ends:
            self._send(max(0, AHEAD - (self._sent - self._done())))
            time.sleep(0.05)

    def _send(self, count: int) -> None:
        for _ in range(count):
            path = self._images[self._sent % len(self._images)]
            where = put_input(path.read_bytes()) if self._keeps == "s3" else str(path)
            self._app.send_task("benchmarks.peers.celery_plain.depth_of", args=(where,))
            self._sent += 1

    def _done(self) -> int:
        return int(self._redis.get(COUNTER) or 0)  # type: ignore[arg-type]

    def _client_app(self) -> Any:
        from celery import Celery

        return Celery("plain", broker=self._valkey.url, set_as_current=False)
