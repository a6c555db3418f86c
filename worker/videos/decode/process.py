"""A decoding process as the worker sees it: answers under a deadline, errors by their codes."""

from __future__ import annotations

import fcntl
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from contract.errors import (
    DecoderCrashed,
    DepthqError,
    NotInstalled,
    UnsupportedMediaType,
    VideoTooLarge,
    VideoUndecodable,
)
from worker.imaging import frames as wire
from worker.videos.decode.ask import Ask

_PACKAGES = Path(__file__).parents[3]  # where `worker` and `contract` are imported from
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
    with _process(video, ask) as process:
        assert process.stdout is not None  # noqa: S101
        out = process.stdout.fileno()
        allowed = _START_S
        while True:
            fill = _fill(process, out, time.monotonic() + allowed + ask.limits.timeout_s)
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


@contextmanager
def _process(video: BinaryIO, ask: Ask) -> Iterator[subprocess.Popen[bytes]]:
    require_av()
    said = os.memfd_create("depthq-video-stderr", os.MFD_CLOEXEC)
    try:
        with _started(video, ask, said) as process:
            yield process
    finally:
        os.close(said)


@contextmanager
def _started(video: BinaryIO, ask: Ask, said: int) -> Iterator[subprocess.Popen[bytes]]:
    own = os.open(f"/proc/self/fd/{video.fileno()}", os.O_RDONLY | os.O_CLOEXEC)
    try:
        process = subprocess.Popen(
            (sys.executable, "-s", "-m", "worker.videos.decode.child", ask.to_json()),
            stdin=own,
            stdout=subprocess.PIPE,
            stderr=said,
            env=_ENVIRONMENT,
            cwd=_PACKAGES,
            bufsize=0,
            start_new_session=True,
        )
    finally:
        os.close(own)
    assert process.stdout is not None  # noqa: S101
    process.said = said  # type: ignore[attr-defined]
    with suppress(OSError):  # beyond the user's quota of pipe memory
        fcntl.fcntl(process.stdout.fileno(), fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
    try:
        with closing(process.stdout):
            yield process
    finally:
        process.kill()
        process.wait()


def _fill(process: subprocess.Popen[bytes], out: int, deadline: float) -> wire.Fill:
    poll = select.poll()
    poll.register(out, select.POLLIN)

    def fill(buffer: memoryview) -> None:
        while buffer:
            remaining = deadline - time.monotonic()
            if remaining <= 0 or not poll.poll(remaining * 1e3):
                process.kill()
                raise VideoUndecodable("Decoding a frame of the video took too long.")
            count = os.readv(out, [buffer])
            if count == 0:
                raise EOFError
            buffer = buffer[count:]

    return fill


def _died(process: subprocess.Popen[bytes]) -> DepthqError:
    with suppress(subprocess.TimeoutExpired):
        process.wait(1)
    process.kill()
    code = process.wait()
    if code in (-signal.SIGXCPU, -signal.SIGALRM):
        return VideoUndecodable("Decoding a frame of the video took too long.")
    said = os.pread(process.said, 4096, 0).decode("utf-8", "replace").strip()[-300:]  # type: ignore[attr-defined]
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
