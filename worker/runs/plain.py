"""Base classes for simple kinds: items run one after the other, without files or state."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager

from contract.errors import Poisoned
from contract.items import Item, ItemResult
from contract.jobs import JobError
from worker.runs.kind import Signals


class PlainSource:
    """A worker.runs.kind.Source that is listed whole, before any shard runs."""

    resumable = False
    early = False

    @property
    def left_out(self) -> Mapping[str, int]:
        """See Source: nothing is passed over."""
        return {}

    @abstractmethod
    def items(self, start_after: str = "") -> Iterator[Item]:
        """See Source; `start_after` is always empty."""


class PlainShard(AbstractContextManager["PlainShard"]):
    """A worker.runs.kind.Shard whose items are run one after the other, in their order."""

    def __exit__(self, *error: object) -> None:
        """Nothing is left open."""

    def run(self, items: Sequence[Item], signals: Signals) -> Iterator[ItemResult]:
        """See Shard."""
        for item in items:
            if signals.stop:
                return
            yield self.run_alone(item)

    @abstractmethod
    def run_alone(self, item: Item) -> ItemResult:
        """See Shard."""

    def poisoned(self, item: Item, deaths: int) -> ItemResult:
        """See Shard."""
        why = f"the item brought its worker down {deaths} times and was set aside"
        error = JobError(code=Poisoned.code, message=why, retryable=Poisoned.retryable)
        return ItemResult(id=item.id, uri=item.uri, state="failed", error=error)

    def add(self, result: ItemResult) -> None:
        """Keep nothing."""

    def finish(self) -> None:
        """Keep nothing."""


class PlainSummary(AbstractContextManager["PlainSummary"]):
    """A worker.runs.kind.Summary with no files of its own."""

    def __exit__(self, *error: object) -> None:
        """Nothing is left open."""

    def add(self, shard: int, results: Sequence[ItemResult]) -> None:
        """Keep nothing."""

    def finish(self, signals: Signals) -> Mapping[str, str]:  # noqa: ARG002
        """See Summary: no files."""
        return {}
