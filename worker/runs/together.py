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
    in_flight: deque[Future[ItemResult]] = deque()
    todo = iter(items)
    try:
        while not signals.stop:
            while len(in_flight) < window and (item := next(todo, None)) is not None:
                in_flight.append(executor.submit(run, item))
            if not in_flight:
                return
            yield in_flight.popleft().result()
        if signals.canceled:
            yield from _begun(in_flight)
    finally:  # no item may still run when the shard is closed
        for future in in_flight:
            future.cancel()
        wait(in_flight)


def _begun(in_flight: deque[Future[ItemResult]]) -> Iterator[ItemResult]:
    """Finish the items that have begun, up to the first gap."""
    begun = [future for future in in_flight if not future.cancel()]
    for future in begun:
        if future.exception() is not None:
            return
        yield future.result()
