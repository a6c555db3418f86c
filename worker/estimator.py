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
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self, overload

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from contract.errors import Conflict, DepthqError, ImageUndecodable, InvalidRequest
from contract.jobs import ModelInfo
from contract.options import JobOptions
from contract.settings import Settings
from worker.advice import advise
from worker.compute.batcher import Batcher
from worker.depth_result import Depth
from worker.engines.factory import open_engine
from worker.engines.protocol import EngineInfo
from worker.imaging.decoder import Decoder
from worker.imaging.given_pixels import upright_rgb
from worker.machine import cores_given
from worker.models.prepare import net_size, prepare
from worker.outputs.view import View

Picture = str | os.PathLike[str] | bytes | NDArray[np.uint8] | Image.Image
Progress = Callable[[int, int | None], object]
Outcome = Depth | DepthqError | OSError

__all__ = ["Depth", "DepthEstimator"]


class DepthEstimator:
    """Computes depth from paths, bytes, RGB arrays (uint8 (h, w, 3)) and PIL images.

    `settings` are those of a worker by name (`engine="onnxruntime"`, `max_batch=4`), over the
    environment's. The engine is loaded at the first picture. Threads may share an estimator: what
    they ask for at the same time is computed in batches. A process that was forked from one where
    it had been in use gets Conflict; one that was not in use yet may be forked and pickled.
    """

    _lock: threading.Lock
    _parts: _Parts | None
    _pid: int | None  # of the process where it is in use

    def __init__(self, **settings: Any) -> None:
        self.__setstate__(Settings(**settings))

    def __call__(self, picture: Picture) -> Depth:
        """Return the depth of one picture.

        Raises InputError if the picture is at fault, OSError if the file cannot be read.
        """
        return self._opened().estimate(picture)

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
        parts, done = self._opened(), 0
        with ThreadPoolExecutor(self._settings.concurrency, "depthq-estimator") as threads:
            ahead: deque[Future[Depth]] = deque()
            try:
                more = 2 * self._settings.concurrency
                while True:
                    ahead.extend(threads.submit(parts.estimate, p) for p in islice(left, more))
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
        """End the engine's threads and the decoding processes. May be called twice."""
        if self._pid not in (None, os.getpid()):
            return  # the threads and processes are the parent's
        with self._lock:
            self._closed = True
            parts, self._parts = self._parts, None
        if parts is not None:
            parts.close()

    def _opened(self) -> _Parts:
        if self._pid not in (None, os.getpid()):  # a thread of the parent's may hold the lock
            raise Conflict(
                "this DepthEstimator was in use before the process was forked; make one in each "
                "process, or start processes by spawn"
            )
        with self._lock:
            if self._closed:
                raise Conflict("this DepthEstimator is closed")
            if self._parts is None:
                self._pid = os.getpid()
                self._parts = _Parts(self._settings)
            return self._parts

    def __getstate__(self) -> Settings:
        return self._settings

    def __setstate__(self, settings: Settings) -> None:
        self._settings = settings
        self._lock = threading.Lock()
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


class _Parts:
    """What is open while an estimator is in use; of one process."""

    def __init__(self, settings: Settings) -> None:
        engine = open_engine(settings, advise(settings).streams)
        engine.load()
        self._info = engine.describe()
        self._batcher = Batcher(
            engine.infer,
            engine.max_batch,
            max_latency_s=settings.max_batch_latency_ms / 1e3,
            streams=engine.streams,
        )
        self._batcher.start()
        self._decoder = Decoder(  # its processes start when they are needed
            processes=settings.decode_processes or cores_given(),
            memory_bytes=settings.decode_memory_bytes,
            timeout_s=settings.decode_timeout_s,
            max_pixels=settings.max_pixels,
            max_side_px=settings.max_side_px,
            extra_formats=settings.extra_formats,
        )

    def estimate(self, picture: Picture) -> Depth:
        tensor, width, height = self._prepared(picture)
        depth = self._batcher.submit(tensor).result().depth
        model = _model(self._info, depth.shape)
        return Depth(View(depth, JobOptions(), width, height, model))

    def _prepared(self, picture: Picture) -> tuple[NDArray[np.float32], int, int]:
        if isinstance(picture, np.ndarray | Image.Image):
            rgb = upright_rgb(picture)
            height, width = rgb.shape[:2]
            return prepare(rgb, *net_size(height, width)), width, height
        prepared = self._decoder.decode(_bytes_of(picture))
        return prepared.tensor, prepared.width, prepared.height

    def close(self) -> None:
        self._batcher.stop()
        self._decoder.stop()


def _bytes_of(picture: str | os.PathLike[str] | bytes) -> bytes:
    if isinstance(picture, str | os.PathLike):
        return Path(picture).read_bytes()
    if isinstance(picture, bytes | bytearray | memoryview):
        return bytes(picture)
    raise ImageUndecodable(f"{type(picture).__name__} is no picture: see DepthEstimator")


def _model(info: EngineInfo, net: tuple[int, ...]) -> ModelInfo:
    return ModelInfo(
        name=info.model,
        weights_id=info.weights_id,
        engine=info.engine,
        precision=info.precision,
        net_size=(net[0], net[1]),
    )


def _outcome(future: Future[Depth], kept: bool) -> Outcome:
    try:
        return future.result()
    except (DepthqError, OSError) as error:
        if not kept:
            raise
        return error
