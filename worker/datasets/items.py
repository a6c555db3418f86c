"""Runs one item through fetch, the computer and store. One bad image is one failed line."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Protocol

from contract.errors import (
    BucketRefused,
    DecoderCrashed,
    DepthqError,
    InputError,
    InternalError,
    InvalidRequest,
    NotFound,
    NotInstalled,
    Poisoned,
    StorageUnavailable,
)
from contract.items import Item, ItemResult
from contract.jobs import DepthInfo, JobError
from contract.options import JobOptions
from worker.attempts.metrics import StageClock, count_outcome
from worker.datasets.layouts import Layout
from worker.outputs.render import RenderedFile
from worker.runs.tools import Turn
from worker.shortage import shortages_wait

log = logging.getLogger(__name__)

Range = tuple[float, float]


@dataclass(frozen=True)
class ItemOutput:
    """The result of computing one image of a dataset."""

    width: int
    height: int
    depth: DepthInfo
    files: Sequence[RenderedFile]
    warnings: tuple[str, ...] = ()
    model: str = ""
    weights_id: str = ""


Compute = Callable[[bytes, JobOptions, StageClock, Range | None], ItemOutput]


class Fetches(Protocol):
    """See worker.datasets.sources.fetch.Fetcher."""

    def fetch(self, item: Item, owner: str | None) -> bytes:
        """Return the item's bytes, as far as `owner` may read them."""


@dataclass(frozen=True)
class ItemTask:
    """What all items of a shard have in common."""

    options: JobOptions
    layout: Layout
    round: int = 0
    shared_range: Range | None = None
    owner: str | None = None


class ItemRunner:
    """Turns an item into its result, each in a `turn` of its own. Thread-safe."""

    def __init__(
        self,
        fetcher: Fetches,
        compute: Compute,
        worker: str,
        max_attempts: int,
        turn: Turn = nullcontext,
    ) -> None:
        self._fetcher = fetcher
        self._compute = compute
        self._worker = worker
        self._max_attempts = max_attempts
        self._turn = turn

    def run(self, item: Item, task: ItemTask) -> ItemResult:
        """Return the item's result. Raises only StorageUnavailable and BucketRefused.

        StorageUnavailable: also for what this machine has too little of. BucketRefused: its outputs
        cannot be written. After either, nothing is decided.
        """
        with self._turn():
            return self._run(item, task)

    def _run(self, item: Item, task: ItemTask) -> ItemResult:
        clock = StageClock()
        for attempt in range(1, self._max_attempts + 1):
            try:
                with shortages_wait():
                    return self._walk(item, task, clock)
            except (StorageUnavailable, BucketRefused):
                raise
            except (InputError, InvalidRequest, NotFound, NotInstalled) as exc:
                return self._failed(item, task, clock, exc)
            except Exception as exc:
                about = {"action": "item", "item_id": item.id}
                log.warning("attempt %s of %s: %r", attempt, item.uri, exc, extra=about)
                reason = _reason(exc, attempt)
        return self._failed(item, task, clock, reason)

    def poisoned(self, item: Item, task: ItemTask, deaths: int) -> ItemResult:
        """Return the result of an item that crashed its worker."""
        reason = Poisoned(f"the item brought its worker down {deaths} times and was set aside")
        return self._failed(item, task, StageClock(), reason)

    def _walk(self, item: Item, task: ItemTask, clock: StageClock) -> ItemResult:
        if item.broken:
            raise InvalidRequest(item.broken)
        there = task.layout.existing(item.id)
        if there is not None:
            count_outcome("skipped")
            return self._result(item, task, state="skipped", outputs=there)
        with clock.stage("fetch"):
            data = self._fetcher.fetch(item, task.owner)
        output = self._compute(data, task.options, clock, task.shared_range)
        with clock.stage("store"):
            stored = task.layout.store(item.id, output.files)
        count_outcome("succeeded")
        return self._result(
            item,
            task,
            state="succeeded",
            input_bytes=len(data),
            width=output.width,
            height=output.height,
            depth_min=output.depth.min,
            depth_max=output.depth.max,
            warnings=output.warnings,
            model=output.model,
            weights_id=output.weights_id,
            outputs=stored,
            timings=clock.timings(),
        )

    def _failed(
        self, item: Item, task: ItemTask, clock: StageClock, exc: DepthqError
    ) -> ItemResult:
        count_outcome("failed", exc.code)
        error = JobError(code=exc.code, message=exc.message[:500], retryable=exc.retryable)
        return self._result(item, task, state="failed", error=error, timings=clock.timings())

    def _result(self, item: Item, task: ItemTask, **fields: object) -> ItemResult:
        # All values are typed already: validation would cost more than the rest of this function.
        return ItemResult.model_construct(
            id=item.id,
            uri=item.uri,
            custom_id=item.custom_id,
            extra=item.extra,
            worker=self._worker,
            round=task.round,
            **fields,  # type: ignore[arg-type]
        )


def _reason(exc: Exception, attempt: int) -> DepthqError:
    """Return what to say of an item that failed for a reason of ours `attempt` times."""
    if isinstance(exc, DecoderCrashed):
        return Poisoned(f"the decoder died on it {attempt} times, last: {exc}")
    if isinstance(exc, DepthqError):
        return exc
    return InternalError(f"failed {attempt} times for a reason of ours")
