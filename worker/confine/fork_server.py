"""Forks a process for each call: `python -s -m worker.confine.fork_server MODULE < SOCKET`.

Imports MODULE and lets its `get_ready()` load what forks need, once; each fork runs the module's
`main(argument)`, which confines itself before it reads a byte. This process never reads what forks
read or answer, only its parent's calls, so that every fork begins as clean as the first.
"""

from __future__ import annotations

import gc
import importlib
import os
import resource
import select
import signal
import socket
import struct
import sys
import traceback
from collections.abc import Callable
from contextlib import suppress

MOST_ARGUMENT_BYTES = 128 * 1024  # what Linux accepts as one argument of a program
EXIT_CODE = struct.Struct("i")  # negative: the signal that ended the process
_STREAMS = 3  # standard input, output and error, which come with a call
_MOST_FILES = 512

Main = Callable[[str], None]


class _Server:
    """The forks that run, each with the socket by which its caller hangs up."""

    def __init__(self, calls: socket.socket, main: Main) -> None:
        self._calls, self._main = calls, main
        self._forks: dict[socket.socket, int] = {}

    def serve(self) -> None:
        """Take calls until the parent closes its end or has died; then all forks end."""
        going = True
        while going:
            heard, _, _ = select.select([self._calls, *self._forks], [], [])
            for line in heard:
                if line is self._calls:
                    going = self._take()
                else:
                    self._end(line)
        for line in list(self._forks):
            self._end(line)

    def _take(self) -> bool:
        argument, files, _, _ = socket.recv_fds(self._calls, MOST_ARGUMENT_BYTES, _STREAMS + 1)
        if not (argument or files):
            return False
        if len(files) == _STREAMS + 1:
            self._fork(argument.decode(), files[:_STREAMS], files.pop())
        for file in files:
            os.close(file)
        return True

    def _fork(self, argument: str, streams: list[int], line: int) -> None:
        caller = socket.socket(fileno=line)
        try:
            pid = os.fork()
        except OSError:  # the machine has no room: the caller sees a process that has died
            caller.close()
            return
        if pid == 0:
            self._run(argument, streams)
        self._forks[caller] = pid

    def _run(self, argument: str, streams: list[int]) -> None:
        """Be the fork: nothing is open but its streams, and no other fork can be reached."""
        try:
            os.setsid()  # as a program of its own would be started
            for number, file in enumerate(streams):
                os.dup2(file, number)
            os.closerange(_STREAMS, _MOST_FILES)
            self._main(argument)
            sys.stdout.flush()
        except BaseException:
            traceback.print_exc()
            os._exit(1)
        os._exit(0)

    def _end(self, line: socket.socket) -> None:
        """Kill a fork whose caller has hung up, if it still runs, and say how it ended."""
        pid = self._forks.pop(line)
        os.kill(pid, signal.SIGKILL)  # not yet waited for: the number is still its own
        _, status = os.waitpid(pid, 0)
        with line, suppress(OSError):  # a parent that has ended asks no more
            line.send(EXIT_CODE.pack(os.waitstatus_to_exitcode(status)))


def main() -> None:
    """Serve the socket that is the standard input."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (_MOST_FILES, hard))
    calls = socket.socket(fileno=os.dup(0))
    module = importlib.import_module(sys.argv[1])
    module.get_ready()
    gc.freeze()  # forks share what is never collected
    _Server(calls, module.main).serve()


if __name__ == "__main__":
    main()
