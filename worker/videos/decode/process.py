"""A decoding process as the worker sees it: answers under a deadline, errors by their codes."""

from __future__ import annotations

import fcntl
import os
import select
import signal
import time
from collections.abc import Generator, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from typing import BinaryIO

from contract.errors import (
    DecoderCrashed,
    DepthqError,
    NotInstalled,
    UnsupportedMediaType,
    VideoTooLarge,
    VideoUndecodable,
)
from worker.confine.forks import Fork, Forks
from worker.imaging import frames as wire
from worker.videos.decode.ask import Ask

_START_S = 30.0  # imports, on a busy machine
_PIPE_BYTES = 1024 * 1024
_ERRORS: dict[str, type[DepthqError]] = {
    error.code: error for error in (UnsupportedMediaType, VideoTooLarge, VideoUndecodable)
}
Answer = tuple[wire.Meta, bytearray]


def answers(video: BinaryIO, ask: Ask, most_bytes: int) -> Generator[Answer, None, None]:
    """Yield what a confined process answers about the open file `video`, without the end.

    Closing the iterator ends the process. Raises UnsupportedMediaType, VideoTooLarge or
    VideoUndecodable if the video is at fault, DecoderCrashed if the process died.
    """
    require_av()
    with _process(video, ask) as process:
        allowed = _START_S
        while True:
            fill = _fill(process, time.monotonic() + allowed + ask.limits.timeout_s)
            try:
                meta, data = wire.read_frame(fill, most_bytes)
            except (EOFError, ValueError):
                raise _died(process) from None
            if "error" in meta:
                raise _ERRORS.get(str(meta["error"]), DecoderCrashed)(_printable(meta["message"]))
            if "end" in meta:
                return
            allowed = 0.0
            if "alive" not in meta:
                yield meta, data


@dataclass(frozen=True)
class _Process:
    """A decoding process, and the files that it writes: its answers and its standard error."""

    fork: Fork
    answers: int
    said: int


@contextmanager
def _process(video: BinaryIO, ask: Ask) -> Iterator[_Process]:
    with ExitStack() as opened:
        said = _until_closed(opened, os.memfd_create("depthq-video-stderr", os.MFD_CLOEXEC))
        answers, theirs = os.pipe2(os.O_CLOEXEC)
        _until_closed(opened, answers)
        try:
            with suppress(OSError):  # beyond the user's quota of pipe memory
                fcntl.fcntl(answers, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
            own = os.open(f"/proc/self/fd/{video.fileno()}", os.O_RDONLY | os.O_CLOEXEC)
            try:
                fork = _forks.fork(ask.to_json(), own, theirs, said)
            finally:
                os.close(own)
        finally:
            os.close(theirs)
        opened.callback(fork.end)
        yield _Process(fork, answers, said)


def _until_closed(opened: ExitStack, file: int) -> int:
    opened.callback(os.close, file)
    return file


def _fill(process: _Process, deadline: float) -> wire.Fill:
    poll = select.poll()
    poll.register(process.answers, select.POLLIN)

    def fill(buffer: memoryview) -> None:
        while buffer:
            remaining = deadline - time.monotonic()
            if remaining <= 0 or not poll.poll(remaining * 1e3):
                raise VideoUndecodable("Decoding a frame of the video took too long.")
            count = os.readv(process.answers, [buffer])
            if count == 0:
                raise EOFError
            buffer = buffer[count:]

    return fill


def _died(process: _Process) -> DepthqError:
    code = process.fork.end()  # the pipe closes when the code is known
    if code in (-signal.SIGXCPU, -signal.SIGALRM):
        return VideoUndecodable("Decoding a frame of the video took too long.")
    said = os.pread(process.said, 4096, 0).decode("utf-8", "replace").strip()[-300:]
    return DecoderCrashed(f"The process that decodes the video died ({code}): {_printable(said)}")


def _printable(said: object) -> str:
    return "".join(sign if sign.isprintable() else " " for sign in str(said)[:300])


def require_av() -> None:
    """Raise NotInstalled if this worker cannot decode videos."""
    from importlib.util import find_spec

    if find_spec("av") is None:
        raise NotInstalled(
            "videos need the extra `video` on the workers: pip install depthq[video]"
        )


_ENVIRONMENT = {
    "LANG": "C.UTF-8",
    "MALLOC_ARENA_MAX": "2",  # arenas of many threads would eat the address space
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "OPENCV_LOG_LEVEL": "ERROR",
    "PYTHONDONTWRITEBYTECODE": "1",
}
_forks = Forks("worker.videos.decode.child", _ENVIRONMENT)
