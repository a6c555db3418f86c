"""`DepthEstimator`: from photographs to depth in this process, without a service or a queue.

It is what a worker does between fetching and storing: decode in confined child processes, prepare,
gather batches, infer, render.
"""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sized
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from itertools import islice
from types import TracebackType
from typing import Any, Literal, Self, overload

from contract.errors import Conflict, DepthqError, InvalidRequest
from contract.settings import Settings
from worker.estimator.depth import Depth
from worker.estimator.parts import Parts, Picture

Progress = Callable[[int, int | None], object]
Outcome = Depth | DepthqError | OSError


class DepthEstimator:
    """Computes depth from paths, bytes, RGB arrays (uint8 (h, w, 3)) and PIL images.

    `settings` are those of a worker by name (`engine="onnxruntime"`, `max_batch=4`), over the
    environment's. The engine is loaded at the first picture. Threads may share an estimator: what
    they ask for at the same time is computed in batches. A process that was forked from one where
    it had been in use gets Conflict; one that was not in use yet may be forked and pickled.
    """

    _changed: threading.Condition
    _calls: int  # being computed now
    _parts: Parts | None
    _pid: int | None  # of the process where it is in use

    def __init__(self, **settings: Any) -> None:
        self.__setstate__(Settings(**settings))

    def __call__(self, picture: Picture) -> Depth:
        """Return the depth of one picture.

        Raises InputError if the picture is at fault, OSError if the file cannot be read.
        """
        with self._in_use() as parts:
            return parts.estimate(picture)

    @overload
    def map(
        self,
        pictures: Iterable[Picture],
        *,
        progress: Progress | None = None,
        errors: Literal["raise"] = "raise",
    ) -> Iterator[Depth]: ...

    @overload
    def map(
        self,
        pictures: Iterable[Picture],
        *,
        progress: Progress | None = None,
        errors: Literal["return"],
    ) -> Iterator[Outcome]: ...

    def map(
        self,
        pictures: Iterable[Picture],
        *,
        progress: Progress | None = None,
        errors: Literal["raise", "return"] = "raise",
    ) -> Iterator[Any]:
        """Yield the depth of each picture, in their order, computed in batches.

        Reads only so far ahead as keeps the engine busy. `progress(done, total)` is called after
        each; total is None where `pictures` has no length. With errors="return" a picture that
        fails yields its error in place of its depth.
        """
        if errors not in ("raise", "return"):
            raise InvalidRequest('errors is "raise" or "return"')
        total = len(pictures) if isinstance(pictures, Sized) else None
        return self._mapped(iter(pictures), progress, errors == "return", total)

    def _mapped(
        self, left: Iterator[Picture], progress: Progress | None, kept: bool, total: int | None
    ) -> Iterator[Outcome]:
        done = 0
        with ThreadPoolExecutor(self._settings.concurrency, "depthq-estimator") as threads:
            ahead: deque[Future[Depth]] = deque()
            try:
                more = 2 * self._settings.concurrency
                while True:
                    ahead.extend(threads.submit(self, p) for p in islice(left, more))
                    if not ahead:
                        return
                    depth = _outcome(ahead.popleft(), kept)
                    more, done = 1, done + 1
                    if progress is not None:
                        progress(done, total)
                    yield depth
            finally:  # also when the caller stops half-way
                for future in ahead:
                    future.cancel()

    def close(self) -> None:
        """Wait for what is being computed, then end threads and processes. May be called twice."""
        if self._pid not in (None, os.getpid()):
            return  # the threads and processes are the parent's
        with self._changed:
            self._closed = True
            self._changed.wait_for(lambda: self._calls == 0)
            parts, self._parts = self._parts, None
        if parts is not None:
            parts.close()

    @contextmanager
    def _in_use(self) -> Iterator[Parts]:
        """Lend what is open; it is not closed meanwhile."""
        if self._pid not in (None, os.getpid()):  # a thread of the parent's may hold the lock
            raise Conflict(
                "this DepthEstimator was in use before the process was forked; make one in each "
                "process, or start processes by spawn"
            )
        with self._changed:
            parts = self._opened()
            self._calls += 1
        try:
            yield parts
        finally:
            with self._changed:
                self._calls -= 1
                self._changed.notify_all()

    def _opened(self) -> Parts:
        if self._closed:
            raise Conflict("this DepthEstimator is closed")
        if self._parts is None:
            self._pid = os.getpid()
            self._parts = Parts(self._settings)
        return self._parts

    def __getstate__(self) -> Settings:
        return self._settings

    def __setstate__(self, settings: Settings) -> None:
        self._settings = settings
        self._changed = threading.Condition()
        self._calls = 0
        self._parts = None
        self._pid = None
        self._closed = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


def _outcome(future: Future[Depth], kept: bool) -> Outcome:
    try:
        return future.result()
    except (DepthqError, OSError) as error:
        if not kept:
            raise
        return error
