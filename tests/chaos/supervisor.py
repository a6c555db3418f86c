"""Starts our processes again when they end, as `depthq up`, Docker or Kubernetes do."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator

from tests.services.process import ServiceProcess


class Supervisor:
    """Keeps processes running until told otherwise; counts what it had to start again."""

    def __init__(self) -> None:
        self.restarts: dict[str, int] = {}
        self.failures: list[str] = []
        self._processes: dict[ServiceProcess, threading.Lock] = {}
        self._stopping = threading.Event()
        self._threads: list[threading.Thread] = []

    def keep(self, process: ServiceProcess) -> None:
        """Start `process` and keep it running."""
        process.start()
        self._processes[process] = threading.Lock()
        thread = threading.Thread(target=self._watch, args=(process,), daemon=True)
        self._threads.append(thread)
        thread.start()

    @contextlib.contextmanager
    def leaving_down(self, process: ServiceProcess) -> Iterator[None]:
        """Do not start `process` again while the block runs."""
        with self._processes[process]:
            yield

    def stop(self) -> None:
        """Stop watching, then stop the processes."""
        self._stopping.set()
        for thread in self._threads:
            thread.join()
        for process in self._processes:
            process.stop()

    def _watch(self, process: ServiceProcess) -> None:
        while not self._stopping.wait(0.1):
            with self._processes[process]:
                if process.running:
                    continue
                self.restarts[process.name] = self.restarts.get(process.name, 0) + 1
                try:
                    process.start()
                except (RuntimeError, TimeoutError) as exc:
                    self.failures.append(str(exc))
