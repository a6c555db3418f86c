"""Starts our programs as forks of a process that has loaded them; see fork_server."""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.services.fork_server import PACKET_BYTES

ROOT = Path(__file__).parents[2]
_STOP_S = 60.0


class Fork:
    """A program that runs as a fork, with the methods of subprocess.Popen that tests use."""

    def __init__(self, server: ForkServer, pid: int) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self._server = server
        self._file = os.pidfd_open(pid)
        self._lock = threading.Lock()

    def poll(self) -> int | None:
        """Return the exit code, None while it runs."""
        return self._ended(0)

    def wait(self, timeout: float | None = None) -> int:
        """Return the exit code once it has ended. Raises subprocess.TimeoutExpired."""
        code = self._ended(timeout)
        if code is None:
            raise subprocess.TimeoutExpired(f"process {self.pid}", timeout or 0)
        return code

    def terminate(self) -> None:
        """Send SIGTERM, unless it has ended."""
        self._send(signal.SIGTERM)

    def kill(self) -> None:
        """Send SIGKILL, unless it has ended."""
        self._send(signal.SIGKILL)

    def _send(self, number: signal.Signals) -> None:
        with self._lock, contextlib.suppress(ProcessLookupError):
            if self.returncode is None:
                signal.pidfd_send_signal(self._file, number)

    def _ended(self, timeout: float | None) -> int | None:
        with self._lock:
            if self.returncode is None:
                poll = select.poll()
                poll.register(self._file, select.POLLIN)
                if poll.poll(None if timeout is None else 1e3 * timeout):
                    self.returncode = self._server.ask({"ended": self.pid})
                    os.close(self._file)
            return self.returncode


class ForkServer:
    """A process that has loaded `program`, `api` or `worker`. Thread-safe."""

    def __init__(self, program: str) -> None:
        self._lock = threading.Lock()
        self._socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.services.fork_server", str(theirs.fileno()), program],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                cwd=ROOT,
                start_new_session=True,
            )

    def fork(self, run: Sequence[str], environment: Mapping[str, str], log: Path) -> Fork:
        """Run the module and its arguments with no other variables; `log` gets what it says."""
        order = {
            "run": list(run), "env": dict(environment), "log": str(log), "cwd": str(Path.cwd())
        }  # fmt: skip
        return Fork(self, self.ask(order))

    def ask(self, order: Mapping[str, Any]) -> int:
        """Send an order and return the answer."""
        with self._lock:
            self._socket.send(json.dumps(order).encode())
            return int(json.loads(self._socket.recv(PACKET_BYTES)))

    def stop(self) -> None:
        """End the process and all that it forked."""
        self._socket.close()
        self._process.wait(_STOP_S)


_servers: dict[str, ForkServer] | None = None  # None: programs are started as deployments do
_starting = threading.Lock()


def fork(
    program: str, run: Sequence[str], environment: Mapping[str, str], log: Path
) -> Fork | None:
    """Run `run` as a fork of `program`; None where programs are not forked."""
    with _starting:
        if _servers is None:
            return None
        server = _servers.get(program) or _servers.setdefault(program, ForkServer(program))
    return server.fork(run, environment, log)


@contextlib.contextmanager
def programs_are_forked() -> Iterator[None]:
    """Have `fork` fork for the length of the block."""
    global _servers
    servers = _servers = {}
    try:
        yield
    finally:
        _servers = None
        for server in servers.values():
            server.stop()
