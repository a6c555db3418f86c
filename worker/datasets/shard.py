"""One shard of a dataset: many images in flight, their files in the layout asked for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from contract.items import Item, ItemResult
from worker.datasets.items import ItemRunner, ItemTask
from worker.runs.kind import Signals
from worker.runs.together import together


@dataclass(frozen=True)
class DatasetShard:
    """See worker.runs.kind.Shard."""

    runner: ItemRunner
    task: ItemTask
    executor: Executor
    window: int  # images in flight

    def __enter__(self) -> Self:
        self.task.layout.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.task.layout.__exit__(kind, error, trace)

    def run(self, items: Sequence[Item], signals: Signals) -> Iterator[ItemResult]:
        """See Shard."""
        return together(self.run_alone, items, signals, self.executor, self.window)

    def run_alone(self, item: Item) -> ItemResult:
        """See Shard."""
        return self.runner.run(item, self.task)

    def poisoned(self, item: Item, deaths: int) -> ItemResult:
        """See Shard."""
        return self.runner.poisoned(item, self.task, deaths)

    def add(self, result: ItemResult) -> None:
        """See Shard."""
        self.task.layout.add(result)

    def finish(self) -> None:
        """See Shard."""
        self.task.layout.finish()
