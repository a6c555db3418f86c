"""Reads Parquet as JSON lines in a confined process, because its pages can be bombs."""

from __future__ import annotations

import contextlib
import importlib.util
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, BinaryIO, cast

from contract.errors import InternalError, InvalidRequest
from worker.runs.scratch import scratch_file, using_scratch

MAX_FILE_BYTES = 1024**3  # Parquet is read from its end, so a local copy is kept meanwhile
_REFUSED = 3  # the child's exit code when standard error has the reason
_PACKAGES = Path(__file__).parents[3]  # where `worker` is imported from
_CHUNK_BYTES = 1024 * 1024
_LAST_WORD_S = 1.0
COMMAND = [sys.executable, "-m", "worker.datasets.sources.parquet_rows"]


@contextmanager
def json_lines_of(stream: BinaryIO) -> Iterator[BinaryIO]:
    """Yield the file's rows as a stream of JSON lines.

    Raises InvalidRequest, at the latest when the stream ends, on what cannot be read or is over a
    limit; InternalError when the child was killed from outside.
    """
    if importlib.util.find_spec("pyarrow") is None:
        raise InvalidRequest("this worker was installed without Parquet; send JSONL or CSV")
    with scratch_file() as file, scratch_file() as said:
        _copy(stream, file)
        child = _start(file, said)
        try:
            yield cast("BinaryIO", child.stdout)
            _judge(child.wait(), said)
        except InvalidRequest:
            # a truncated row is invalid JSON; the child's reason is more precise
            with contextlib.suppress(subprocess.TimeoutExpired):
                _judge(child.wait(_LAST_WORD_S), said)
            raise
        finally:
            child.kill()
            child.wait()
            cast("IO[bytes]", child.stdout).close()


def _copy(stream: BinaryIO, file: IO[bytes]) -> None:
    while chunk := stream.read(_CHUNK_BYTES):
        if file.tell() + len(chunk) > MAX_FILE_BYTES:
            raise InvalidRequest("a Parquet manifest has 1 GiB at most; send JSONL, gzipped")
        with using_scratch():
            file.write(chunk)
    with using_scratch():
        file.seek(0)


def _start(file: IO[bytes], said: IO[bytes]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        COMMAND,
        stdin=file,
        stdout=subprocess.PIPE,
        stderr=said,
        # no secrets, and no allocator that reserves more address space than the child's limit
        env={
            "LANG": "C.UTF-8",
            "ARROW_DEFAULT_MEMORY_POOL": "system",
            "OMP_NUM_THREADS": "1",
            "PYTHONDONTWRITEBYTECODE": "1",
        },
        cwd=_PACKAGES,
        start_new_session=True,  # Ctrl-C on the terminal must not cut off a drain
    )


def _judge(code: int, said: IO[bytes]) -> None:
    if code == 0:
        return
    if code == -signal.SIGKILL:
        raise InternalError("the process that reads the Parquet manifest was killed")
    said.seek(0)
    reason = said.read(1_000).decode("utf-8", "replace") if code == _REFUSED else ""
    reason = reason or f"is damaged, or made to exhaust its reader, which ended with {code}"
    raise InvalidRequest(f"the Parquet manifest {reason}")
