"""Groups requests into batches: they wait while the engine is busy and leave together.

Work-conserving: an idle engine takes at once whatever waits, so batching never adds delay. Requests
are grouped by tensor shape, because the transform keeps the aspect ratio and padding would change
the depth. The shape whose oldest request has waited longest goes first, so no shape starves. All
waiting requests of a shape leave together, unless that batch would exceed the latency cap: the cost
of batches is learned from those that ran.

Streams divide the cores, which is best for many images and slowest for one. An image that arrives
when no other waits or is computed is therefore computed `alone`, by all cores.
"""

from __future__ import annotations

import logging
import math
import os
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import replace

from contract.errors import DeadlineExceeded, InternalError
from worker.compute.batch import Batch, Infer, Inferred, Request, Tensor
from worker.compute.batch_cost import BatchCost

log = logging.getLogger(__name__)


class Batcher:
    """Feeds one engine from many threads; every request gets exactly one result or error.

    `infer` takes float32 (B, 3, H, W) and returns float32 (B, H, W); it is called from `streams`
    threads. Idle streams share the waiting requests, so none idles while another has a full batch.
    A batch that fails is halved until the failing image is alone, so its batch-mates succeed. No
    batch is larger than `max_batch`, nor than what is expected to finish in `max_latency_s`. While
    `yielding`, one image at a time is computed, on one stream. `niceness` is added to that of the
    calling threads.
    """

    def __init__(
        self,
        infer: Infer,
        max_batch: int,
        on_batch: Callable[[int, float], None] = lambda _size, _seconds: None,
        *,
        max_latency_s: float = math.inf,
        streams: int = 1,
        yielding: Callable[[], bool] = lambda: False,
        niceness: int = 0,
    ) -> None:
        self._infer = infer
        self._alone: Infer | None = None
        self._max_batch = max_batch
        self._max_latency_s = max_latency_s
        self._on_batch = on_batch
        self._yielding = yielding
        self._niceness = niceness
        self._cost = BatchCost()
        self._waiting: dict[tuple[int, ...], deque[Request]] = {}
        lock = threading.RLock()
        self._changed, self._none_waits = threading.Condition(lock), threading.Condition(lock)
        self._stopping = False
        self._busy_since: dict[int, float] = {}  # stream → when its batch began
        self._threads = [
            threading.Thread(
                target=self._run, args=(stream,), name=f"batcher-{stream}", daemon=True
            )
            for stream in range(streams)
        ]

    def start(self) -> None:
        """Start the engine's threads."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Finish what was submitted, then end the threads. Later submissions are refused."""
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
        for thread in self._threads:
            if thread.is_alive():
                thread.join()

    def submit(self, tensor: Tensor, deadline_at: float | None = None) -> Future[Inferred]:
        """Queue `tensor`, float32 (3, H, W), and return the future of its depth.

        The future raises DeadlineExceeded when `deadline_at` passed before the tensor's turn, and
        whatever the engine raises for this tensor alone.
        """
        request = Request(tensor, deadline_at)
        with self._changed:
            if self._stopping:
                raise InternalError("the worker is stopping")
            self._waiting.setdefault(tensor.shape, deque()).append(request)
            self._changed.notify()
        return request.future

    def take_at_most(self, images: int) -> None:
        """Compute no more than `images` at once from now on."""
        with self._changed:
            self._max_batch = images

    def compute_alone_by(self, infer: Infer) -> None:
        """Give the only image of an idle engine to `infer` from now on: by all cores, same bits."""
        self._alone = infer

    def wait_until_taken(self, timeout_s: float) -> bool:
        """Wait until the engine has begun with all that was submitted; False: it has not."""
        with self._changed:
            return self._none_waits.wait_for(lambda: not self._waiting, timeout_s)

    def busy_s(self) -> float:
        """Return how long the engine has been at its oldest batch, 0.0 when idle."""
        with self._changed:
            since = min(self._busy_since.values(), default=None)
        return 0.0 if since is None else time.monotonic() - since

    def _run(self, stream: int) -> None:
        if self._niceness:
            os.nice(self._niceness)  # of this thread alone, on Linux
        while batch := self._take(stream):
            self._settle(batch)

    def _take(self, stream: int) -> Batch | None:
        """Wait for work and return the next batch of `stream`; None means stop."""
        with self._changed:
            if self._busy_since.pop(stream, None):
                self._changed.notify_all()  # a stream that yielded to this one may continue
            while not self._waiting or self._yields_to_other_stream():
                if self._stopping and not self._waiting:
                    return None
                self._changed.wait()
            shape = min(self._waiting, key=lambda shape: self._waiting[shape][0].submitted)
            queue = self._waiting[shape]
            free = len(self._threads) - len(self._busy_since)  # with this one
            share = -(-len(queue) // free)
            batch = [queue.popleft() for _ in range(min(share, self._most(shape)))]
            if not queue:
                del self._waiting[shape]
            if not self._waiting:
                self._none_waits.notify_all()
            only = len(batch) == 1 and not self._waiting and not self._busy_since
            self._busy_since[stream] = time.monotonic()
            if only and self._alone is not None:
                return Batch(batch, self._alone, alone=True)
            return Batch(batch, self._infer)

    def _yields_to_other_stream(self) -> bool:
        return bool(self._busy_since) and self._yielding()

    def _most(self, shape: tuple[int, ...]) -> int:
        if self._yielding():
            return 1
        return self._cost.fitting(shape, self._max_latency_s, self._max_batch)

    def _settle(self, batch: Batch) -> None:
        """Give every request of `batch` its one outcome."""
        live = [request for request in batch.requests if self._still_wanted(request)]
        if live:
            self._infer_or_halve(replace(batch, requests=live))

    def _still_wanted(self, request: Request) -> bool:
        if not request.future.set_running_or_notify_cancel():
            return False
        if request.deadline_at is not None and time.time() > request.deadline_at:
            request.future.set_exception(DeadlineExceeded("the deadline passed before inference"))
            return False
        return True

    def _infer_or_halve(self, batch: Batch) -> None:
        requests, count = batch.requests, len(batch.requests)
        started = time.monotonic()
        try:
            depths = batch.depths()
        except Exception as exc:
            if count == 1:
                requests[0].future.set_exception(exc)
                return
            log.warning(
                "a batch of %s failed (%s), halving it", count, exc, extra={"action": "infer"}
            )
            self._infer_or_halve(replace(batch, requests=requests[: count // 2]))
            self._infer_or_halve(replace(batch, requests=requests[count // 2 :]))
            return
        seconds = time.monotonic() - started
        if not batch.alone:  # which says nothing about what a stream takes
            with self._changed:
                self._cost.learn(requests[0].tensor.shape, count, seconds)
        self._on_batch(count, seconds)
        # the oldest last: who waits for several waits for it first, and finds all others there
        for request, depth in reversed([*zip(requests, depths, strict=True)]):
            wait_ms = (started - request.submitted) * 1e3
            request.future.set_result(Inferred(depth, wait_ms, seconds * 1e3, count))
