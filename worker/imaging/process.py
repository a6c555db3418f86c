"""One decoding child as the parent sees it: start, exchange frames under a deadline, end."""

from __future__ import annotations

import contextlib
import fcntl
import os
import select
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from worker.imaging import frames

_PACKAGES = Path(__file__).parents[2]  # where `worker` and `contract` are imported from
_PIPE_BYTES = 1024 * 1024  # a whole tensor fits: one wake-up per answer
_MOST_WORDS_BYTES = 16 * 1024  # of an answer, beside its tensor
START_TIMEOUT_S = 60.0


class ChildDied(Exception):  # noqa: N818
    """The child is gone. `delivered`: it had received the whole request."""

    def __init__(self, returncode: int, said: str, *, delivered: bool) -> None:
        super().__init__(f"exit code {returncode}")
        self.returncode, self.said, self.delivered = returncode, said, delivered


class ChildTimeout(Exception):  # noqa: N818
    """The child did not answer in time and was killed."""


class Child:
    """A running child. Not thread-safe: one borrower at a time."""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str]) -> None:
        self._stderr = os.memfd_create("depthq-decoder-stderr", os.MFD_CLOEXEC)
        try:
            # A session of its own: Ctrl-C on the terminal must not cut off a drain.
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._stderr,
                env=dict(environment),
                cwd=_PACKAGES,
                bufsize=0,
                start_new_session=True,
            )
        except BaseException:
            os.close(self._stderr)
            raise
        assert self._process.stdin is not None and self._process.stdout is not None  # noqa: S101, PT018
        self._in, self._out = self._process.stdin.fileno(), self._process.stdout.fileno()
        for fd in (self._in, self._out):
            os.set_blocking(fd, False)
            with contextlib.suppress(OSError):  # beyond the user's quota of pipe memory
                fcntl.fcntl(fd, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
        self.ready = False
        self.served = 0

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether the process still runs."""
        return self._process.poll() is None

    def wait_until_ready(self) -> None:
        """Wait for the child's first message. Raises ChildDied or ChildTimeout."""
        if not self.ready:
            self._receive(time.monotonic() + START_TIMEOUT_S, 0, delivered=False)
            self.ready = True

    def exchange(
        self, asked: frames.Meta, data: bytes, timeout_s: float, most_bytes: int
    ) -> tuple[frames.Meta, bytearray]:
        """Send `data`, return the answer, whose tensor has `most_bytes` at most.

        ChildDied and ChildTimeout are the end of the child.
        """
        deadline = time.monotonic() + timeout_s
        self.served += 1
        self._send(asked, data, deadline)
        return self._receive(deadline, most_bytes, delivered=True)

    def read_into(self, buffer: memoryview, timeout_s: float) -> None:
        """Fill `buffer` with what follows the answer. Raises as `exchange` does."""
        self._fill(buffer, time.monotonic() + timeout_s, delivered=True)

    def kill(self) -> None:
        """Kill the process; threads that talk to it get ChildDied. Callable from any thread."""
        self._process.kill()

    def end(self) -> None:
        """Kill the process, collect it, and close what it held open. May be called twice."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()
        if self._stderr >= 0:
            os.close(self._stderr)
            self._stderr = -1

    def _send(self, asked: frames.Meta, data: bytes, deadline: float) -> None:
        rest = [memoryview(frames.head_and_meta(asked, len(data))), memoryview(data)]
        while rest:
            try:
                rest = frames.without(rest, os.writev(self._in, rest))
            except BlockingIOError:
                self._wait(self._in, select.POLLOUT, deadline)
            except BrokenPipeError:
                raise self._died(delivered=False) from None

    def _receive(
        self, deadline: float, most_bytes: int, *, delivered: bool
    ) -> tuple[frames.Meta, bytearray]:
        def fill(buffer: memoryview) -> None:
            self._fill(buffer, deadline, delivered=delivered)

        try:
            return frames.read_frame(fill, most_bytes + _MOST_WORDS_BYTES)
        except ValueError:  # malformed frame: treat the child as crashed
            raise self._died(delivered=delivered) from None

    def _fill(self, buffer: memoryview, deadline: float, *, delivered: bool) -> None:
        while buffer:
            try:
                count = os.readv(self._out, [buffer])
            except BlockingIOError:
                self._wait(self._out, select.POLLIN, deadline)
                continue
            if count == 0:
                raise self._died(delivered=delivered)
            buffer = buffer[count:]

    def _wait(self, fd: int, event: int, deadline: float) -> None:
        poll = select.poll()
        poll.register(fd, event)
        remaining = deadline - time.monotonic()
        if remaining <= 0 or not poll.poll(remaining * 1e3):
            self.end()
            raise ChildTimeout

    def _died(self, *, delivered: bool) -> ChildDied:
        with contextlib.suppress(subprocess.TimeoutExpired):  # the pipe closes before the exit
            self._process.wait(1)
        said = os.pread(self._stderr, 4096, 0).decode("utf-8", "replace").strip()[-1000:]
        self.end()
        return ChildDied(self._process.returncode, said, delivered=delivered)
