"""A server process that tests start, kill, freeze and start again at the same address."""

from __future__ import annotations

import contextlib
import os
import secrets
import signal
import socket
import subprocess
from collections.abc import Mapping
from pathlib import Path

from tests.services.forks import Fork
from tests.waits import PATIENT_S, wait_until

STOP_S = 60.0
# Below Linux's ports for outgoing connections. Each test process has its own: between the choice
# of a port and the start of its server seconds may pass, in which another might choose the same.
PROCESS = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
PORTS = range(10_000 + PROCESS, 32_000, int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1")))
_given: set[int] = set()


class ServiceProcess:
    """One child process with a port, a folder and a log file. Subclasses say how to start it."""

    name = "service"
    ready_s = PATIENT_S  # until it must be ready

    def __init__(self, folder: Path, port: int | None = None) -> None:
        self.folder = folder
        self.port = port or free_port()
        self._process: subprocess.Popen[bytes] | Fork | None = None
        folder.mkdir(parents=True, exist_ok=True)

    def command(self) -> list[str]:
        """Return the argument list that starts the server in the foreground."""
        raise NotImplementedError

    def environment(self) -> Mapping[str, str]:
        """Return variables to add to the environment (secrets do not belong in arguments)."""
        return {}

    def is_ready(self) -> bool:
        """Tell whether the server answers as it should."""
        return accepts(self.port)

    @property
    def log_path(self) -> Path:
        """Where its output goes, over all its lives."""
        return self.folder.with_suffix(".log")

    @property
    def pid(self) -> int:
        """The process id. Raises RuntimeError when it is not running."""
        if self._process is None:
            raise RuntimeError(f"{self.name} is not running")
        return self._process.pid

    @property
    def running(self) -> bool:
        """Whether the process exists and has not ended."""
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Start the process and wait until it is ready."""
        if self.running:
            return
        self._process = self._launched({**os.environ, **self.environment()})
        wait_until(
            lambda: self.is_ready() or not self.running, f"{self.name} is ready", self.ready_s
        )
        if not self.running:
            raise RuntimeError(f"{self.name} ended at start:\n{self.tail()}")

    def _launched(self, environment: Mapping[str, str]) -> subprocess.Popen[bytes] | Fork:
        """Return the process, just started with these variables."""
        with self.log_path.open("ab") as log:
            return subprocess.Popen(
                self.command(),
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C ends the tests; the tests end the servers
            )

    def stop(self) -> None:
        """End the process politely, by force after a minute. Safe to call twice."""
        if self._process is None:
            return
        self.thaw()
        self._process.terminate()
        try:
            self._process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None

    def kill(self) -> None:
        """End the process as `kill -9` does."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def freeze(self) -> None:
        """Stop the process with SIGSTOP: it holds its connections and answers nothing.

        Returns once every thread has stopped: the signal reaches those on other cores later, and
        one of them might still answer.
        """
        os.kill(self.pid, signal.SIGSTOP)
        wait_until(lambda: has_stopped(self.pid), f"{self.name} has stopped")

    def thaw(self) -> None:
        """Let a frozen process go on."""
        if self.running:
            os.kill(self.pid, signal.SIGCONT)

    def resume(self) -> None:
        """Run, whatever the test before did to it: it may be frozen, or have ended."""
        self.thaw()
        self.start()

    def tail(self) -> str:
        """Return the end of the log."""
        return self.log_path.read_text(errors="replace")[-2000:]


def has_stopped(pid: int) -> bool:
    """Tell whether every thread of a process is stopped or has ended."""
    try:
        stats = [path.read_text() for path in Path(f"/proc/{pid}/task").glob("*/stat")]
    except OSError:
        return False  # a thread has just ended, so they still run
    return all(stat.rpartition(")")[2].split()[0] in ("T", "t", "Z", "X") for stat in stats)


def free_port() -> int:
    """Return a port on loopback that is free at this moment, another one at each call.

    Drawn by lot from those that the kernel gives to no outgoing connection, since programs that
    are no tests may have theirs there too.
    """
    while True:
        port = secrets.choice(PORTS)
        with contextlib.suppress(OSError), socket.socket() as probe:
            probe.bind(("127.0.0.1", port))
            if port not in _given:
                _given.add(port)
                return port


def accepts(port: int) -> bool:
    """Tell whether a process accepts connections on `port`."""
    try:
        socket.create_connection(("127.0.0.1", port), 0.5).close()
    except OSError:
        return False
    return True
