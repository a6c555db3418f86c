"""Many items of a shard at once, for kinds whose items do not depend on each other."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, Future, wait

from contract.items import Item, ItemResult
from worker.runs.kind import Signals


def together(
    run: Callable[[Item], ItemResult],
    items: Sequence[Item],
    signals: Signals,
    executor: Executor,
    window: int,
) -> Iterator[ItemResult]:
    """Yield results in the order of `items`, with at most `window` items in flight."""
    flying: deque[Future[ItemResult]] = deque()
    todo = iter(items)
    try:
        while not signals.stop:
            while len(flying) < window and (item := next(todo, None)) is not None:
                flying.append(executor.submit(run, item))
            if not flying:
                return
            yield flying.popleft().result()
        if signals.canceled:
            yield from _landed(flying)
    finally:  # no item may still run when the shard is closed
        for future in flying:
            future.cancel()
        wait(flying)


def _landed(flying: deque[Future[ItemResult]]) -> Iterator[ItemResult]:
    """Finish the items that have begun, up to the first gap."""
    begun = [future for future in flying if not future.cancel()]
    for future in begun:
        if future.exception() is not None:
            return
        yield future.result()
