"""The bytes of videos as open files: a decoder reads them where it wants."""

from __future__ import annotations

import io
import os
import tempfile
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import BinaryIO, cast

from contract.errors import InvalidRequest, NotFound, VideoTooLarge
from worker.runs.scratch import using_scratch

_KEPT = 2  # videos of which a worker keeps a copy: it runs many segments of the same one
_CHUNK_BYTES = 1024 * 1024
Open = Callable[[], BinaryIO]


class Originals:
    """One instance per process, many threads. Copies lie in the temporary folder, without names."""

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._lock = threading.Lock()
        self._copies: OrderedDict[str, BinaryIO] = OrderedDict()

    @contextmanager
    def open(self, run_id: str, source: Open) -> Iterator[BinaryIO]:
        """Yield the video of a run as a file; `source` opens its bytes. Raises InvalidRequest.

        What is on this machine's disk is read there; anything else is copied once. Raises
        StorageUnavailable while the disk for that is full.
        """
        with self._opened(run_id, source) as file:
            yield file

    def _opened(self, run_id: str, source: Open) -> BinaryIO:
        with self._lock:
            copy = self._copies.get(run_id)
            if copy is None:
                stream = _open(source)
                if _on_disk(stream):
                    return stream
                with stream:
                    copy = self._copies[run_id] = self._copied(stream)
                while len(self._copies) > _KEPT:
                    self._copies.popitem(last=False)[1].close()
            self._copies.move_to_end(run_id)
            return os.fdopen(os.dup(copy.fileno()), "rb")  # stays open when the copy is dropped

    def _copied(self, stream: BinaryIO) -> BinaryIO:
        with using_scratch():
            file = cast("BinaryIO", tempfile.TemporaryFile())  # noqa: SIM115 - kept open
        try:
            bounded = _Bounded(stream, self._max_bytes)
            while chunk := bounded.read(_CHUNK_BYTES):
                with using_scratch():
                    file.write(chunk)
            with using_scratch():
                file.flush()
        except BaseException:
            with suppress(OSError):  # what a full disk did not take is still buffered
                file.close()
            raise
        return file

    def close(self) -> None:
        """Drop all copies."""
        with self._lock:
            while self._copies:
                self._copies.popitem()[1].close()


class _Bounded:
    def __init__(self, stream: BinaryIO, most: int) -> None:
        self._stream, self._left = stream, most

    def read(self, size: int = -1, /) -> bytes:
        data = self._stream.read(size)
        self._left -= len(data)
        if self._left < 0:
            raise VideoTooLarge("The video has more bytes than DEPTHQ_MAX_VIDEO_BYTES allows.")
        return data


def _open(source: Open) -> BinaryIO:
    try:
        return source()
    except NotFound as exc:
        raise InvalidRequest("the video is not there any more") from exc


def _on_disk(stream: BinaryIO) -> bool:
    raw = stream.raw if isinstance(stream, io.BufferedReader) else stream
    return isinstance(raw, io.FileIO)
