"""The programs of depthq as command lines, and one of them as a running, leashed child."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from contract.names.queues import Lane
from runtime.private_files import UMASK

_LEASH = Path(__file__).with_name("leash.py")


def python_command(module: str, *arguments: str) -> list[str]:
    """Return the command line of one of our programs.

    -P: a folder called `api` where the user happens to stand must not be taken for ours.
    """
    return [sys.executable, "-P", "-m", module, *arguments]


def api_command() -> list[str]:
    """Return the command line of the HTTP front."""
    return python_command("api")


def worker_command(lane: Lane) -> list[str]:
    """Return the command line of a worker."""
    return python_command("worker", "--lane", lane.value)


@dataclass
class Child:
    """A child process that ends with this process; its output lines go to `on_line(name, line)`.

    Start it from the main thread only (see leash.py). It leads a process group of its own, so that
    Ctrl-C on the terminal reaches this process alone and the child's own children can be ended with
    it.
    """

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    on_line: Callable[[str, str], None]
    process: subprocess.Popen[str] | None = field(default=None, init=False)
    _reader: threading.Thread | None = field(default=None, init=False)

    def start(self) -> None:
        """Start it (anew)."""
        leash = [sys.executable, "-I", "-S", str(_LEASH), str(os.getpid())]
        self.process = subprocess.Popen(
            [*leash, *self.command],
            env=dict(self.environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
            umask=UMASK,
        )
        self._reader = threading.Thread(target=self._pump, args=(self.process,), daemon=True)
        self._reader.start()

    def _pump(self, process: subprocess.Popen[str]) -> None:
        if process.stdout is None:
            return
        with process.stdout as lines:
            for line in lines:
                self.on_line(self.name, line.rstrip("\n"))

    @property
    def exit_code(self) -> int | None:
        """Its exit code; None while it runs or before it has been started."""
        return self.process.poll() if self.process else None

    @property
    def alive(self) -> bool:
        """Whether it runs."""
        return self.process is not None and self.process.poll() is None

    def terminate(self) -> None:
        """Ask it (not its children) to finish what it is doing and end."""
        if self.process is not None and self.alive:
            self.process.terminate()

    def wait(self, timeout_s: float) -> bool:
        """Wait until it has ended; False if it has not in time."""
        try:
            if self.process is not None:
                self.process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            return False
        return True

    def kill(self) -> None:
        """End it and everything it has started, at once. Harmless when it has ended."""
        if self.process is None:
            return
        with contextlib.suppress(ProcessLookupError, PermissionError):  # the group has ended
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(10)
        if self._reader is not None:
            self._reader.join(2)
