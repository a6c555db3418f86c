"""Forks of a clean process that has loaded what they need: a start costs milliseconds, not imports.

The process is started with an environment of its own, never forked from the worker: nothing of the
worker's memory, files or secrets is in it (see fork_server.py).
"""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from worker.confine.fork_server import EXIT_CODE, MOST_ARGUMENT_BYTES

IDLE_S = 60.0  # without forks: then its memory is given back
_PACKAGES = Path(__file__).parents[2]  # where `worker` and `contract` are imported from


class Fork:
    """A forked process, until `end`."""

    def __init__(self, server: Forks, line: socket.socket) -> None:
        self._server, self._line = server, line
        self._code: int | None = None

    def end(self) -> int:
        """Kill the process if it still runs; return its exit code, negative: of a signal."""
        if self._code is None:
            with self._line:
                with suppress(OSError):  # the server has died
                    self._line.shutdown(socket.SHUT_WR)
                said = _received(self._line)
            self._code = EXIT_CODE.unpack(said)[0] if said else -signal.SIGKILL
            self._server.ended()
        return self._code


class Forks:
    """Starts processes that run `main(argument)` of `module`. Thread-safe.

    The server starts at the first call, and anew if it has died or was idle for `idle_s` seconds.
    Forks of a server that has died end by themselves: by a closed pipe, or by `confine.allow`.
    """

    def __init__(self, module: str, environment: Mapping[str, str], idle_s: float = IDLE_S) -> None:
        self._command = (sys.executable, "-s", "-m", "worker.confine.fork_server", module)
        self._environment, self._idle_s = dict(environment), idle_s
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._calls: socket.socket | None = None
        self._idle: threading.Timer | None = None
        self._running = self._started = 0

    @property
    def pid(self) -> int | None:
        """The server's process id, if it runs."""
        process = self._process
        return process.pid if process else None

    def fork(self, argument: str, stdin: int, stdout: int, stderr: int) -> Fork:
        """Return a new process with these files and no others. Raises OSError."""
        data = argument.encode()
        if len(data) > MOST_ARGUMENT_BYTES:
            raise ValueError(f"{len(data)} bytes are too many for one call")
        ours, theirs = socket.socketpair()
        try:
            with theirs, self._lock:
                self._call(data, [stdin, stdout, stderr, theirs.fileno()])
                self._running += 1
                self._started += 1
        except BaseException:
            ours.close()
            raise
        return Fork(self, ours)

    def close(self) -> None:
        """End the server and all forks. A further call would start it again."""
        with self._lock:
            self._close()

    def ended(self) -> None:
        """Note that a fork has ended; the server follows when none was wanted for a while."""
        with self._lock:
            self._running -= 1
            if self._running == 0:
                if self._idle is not None:
                    self._idle.cancel()
                self._idle = threading.Timer(self._idle_s, self._rest, (self._started,))
                self._idle.daemon = True
                self._idle.start()

    def _rest(self, started: int) -> None:
        with self._lock:
            if self._started == started:
                self._close()

    def _call(self, data: bytes, files: list[int]) -> None:
        if self._calls is not None:
            with suppress(ConnectionError):  # it has died
                socket.send_fds(self._calls, [data], files)
                return
            self._close()
        self._calls = self._start()
        socket.send_fds(self._calls, [data], files)

    def _start(self) -> socket.socket:
        ours, theirs = socket.socketpair(type=socket.SOCK_SEQPACKET)
        try:
            # A session of its own: Ctrl-C on the terminal must not cut off a drain.
            self._process = subprocess.Popen(
                self._command,
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                env=self._environment,
                cwd=_PACKAGES,
                start_new_session=True,
            )
        except BaseException:
            ours.close()
            raise
        finally:
            theirs.close()
        return ours

    def _close(self) -> None:
        if self._calls is not None and self._process is not None:
            self._calls.close()
            self._process.wait()
            self._calls = self._process = None


def _received(line: socket.socket) -> bytes:
    try:
        return line.recv(EXIT_CODE.size)
    except ConnectionError:
        return b""
