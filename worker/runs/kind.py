"""The interface of a kind of long work. Everything else of a run is the same for all kinds.

A run is planned into shards of items, its shards are run by many workers, and at last one worker
finishes it. Every step is run under a lease and may be run again after a crash, from its start:
what a step writes has keys that follow from the run, the shard and the item.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Protocol, Self

from contract.errors import DepthqError
from contract.items import Item, ItemResult
from contract.runs import RunPlan, RunRecord, RunRequest
from worker.attempts.step_leases import Held
from worker.runs.sizes import cut, shard_size


class Interrupted(Exception):  # noqa: N818 - not an error
    """The step was lost, or this worker is stopping: the step is given back, uncounted."""


class CannotFinish(Exception):  # noqa: N818 - the error is the one it holds
    """The last step of a run cannot succeed, however often it is run: the run ends failed."""

    def __init__(self, error: DepthqError) -> None:
        super().__init__(str(error))
        self.error = error


@dataclass(frozen=True)
class Signals:
    """Whether a step is to end early. Check often: between two items, or every second."""

    held: Held
    stopping: Callable[[], bool]

    @property
    def stop(self) -> bool:
        """Whether to stop soon: the step was lost or canceled, or this worker is stopping."""
        return self.held.lost or self.stopping()

    @property
    def canceled(self) -> bool:
        """Whether to stop, but to keep what is done."""
        return self.held.canceled

    def check(self) -> None:
        """Raise Interrupted if the step is to stop."""
        if self.stop:
            raise Interrupted("the step was lost or the worker is stopping")


class Source(Protocol):
    """The items of one run, listed lazily."""

    @property
    def resumable(self) -> bool:
        """Whether the listing can continue after any item."""

    @property
    def early(self) -> bool:
        """Whether shards may run while the source is still listed; only where resumable."""

    @property
    def left_out(self) -> Mapping[str, int]:
        """What was passed over so far, by kind."""

    def items(self, start_after: str = "") -> Iterator[Item]:
        """Yield the items in an order that never changes. Raises InvalidRequest on a bad source.

        `start_after`: the uri of the last item already known, only where resumable.
        """


class Shard(Protocol):
    """One shard at work. A context that drops what was not finished. One thread uses it."""

    def __enter__(self) -> Self: ...
    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...

    def run(self, items: Sequence[Item], signals: Signals) -> Iterator[ItemResult]:
        """Yield the results in the order of `items`, each as soon as it is known: it is progress.

        Ends early once `signals.stop`. Raises InvalidRequest if the run cannot go on at all,
        StorageUnavailable to be given back uncounted; anything else counts as a crash.
        """

    def run_alone(self, item: Item) -> ItemResult:
        """Return the result of one item, after its worker crashed: items come in their order."""

    def poisoned(self, item: Item, deaths: int) -> ItemResult:
        """Return the result of an item that crashed its worker `deaths` times."""

    def add(self, result: ItemResult) -> None:
        """Take a result, in the order of the shard; a poisoned item's, too."""

    def finish(self) -> None:
        """Make the shard's files durable, before its results are written."""


class Summary(Protocol):
    """The last step of a run. A context; may take minutes, its lease is renewed meanwhile."""

    def __enter__(self) -> Self: ...
    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...

    def add(self, shard: int, results: Sequence[ItemResult]) -> None:
        """Take the final results of a shard; shards come in their order."""

    def finish(self, signals: Signals) -> Mapping[str, str]:
        """Write the run's own files; return name → object key.

        Raises Interrupted, by `signals.check()`, and CannotFinish if the run ends failed. After any
        other error it is run again, without end.
        """


class Kind(ABC):
    """One instance per process, many threads."""

    name: str

    @abstractmethod
    def source(self, request: RunRequest) -> Source:
        """Return what the run consists of. Raises InvalidRequest."""

    @abstractmethod
    def open_shard(self, record: RunRecord, shard: int) -> Shard:
        """Return the shard, to be run."""

    @abstractmethod
    def open_summary(self, record: RunRecord, plan: RunPlan) -> Summary:
        """Return the last step. `plan` has all rounds."""

    def batches(
        self, items: Iterator[Item], request: RunRequest, number: int, rate: float
    ) -> Iterator[Sequence[Item]]:
        """Cut items into shards, lazily; so many of this round exist already as `number` says.

        `rate`: measured items per second of one worker, 0 where there is none. A retry cuts those
        that failed, in their order. Kinds whose result depends on the cut must always cut alike.
        """
        while batch := cut(items, shard_size(number, rate, request.spec.shard_size)):
            yield batch
            number += 1

    def measure(self, record: RunRecord, shards: int) -> tuple[float, float] | None:
        """Return the range of depth that all items share, once all shards are written."""
        del record, shards
        return None

    def forecast(self, run_id: str) -> None:
        """Do a dry run: write `forecast.json`. A kind that has none is asked for none."""
        del run_id

    def close(self) -> None:
        """Release what the kind keeps between steps. The process stops; no call follows."""
        return
