"""How many images a stream computes at once on this processor: measured, and kept for later starts.

Batches of eight are a sixth cheaper than of four where matrix instructions are faster than memory,
and no cheaper elsewhere. A start measures what fits in a fraction of a second and keeps the result,
from which the next start continues. `python -m worker.fit` measures all.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

SIZES = (1, 2, 4, 8, 16)
BUDGET_S = 0.3  # of CPU time, of one start
WORTH = 1.08  # another choice must be so many times cheaper; busy neighbours make a few per cent
CALLS = 2  # of each size: the first prepares kernels

Infer = Callable[[NDArray[np.float32]], object]
Sizes = dict[int, float]  # images at once → CPU seconds per image


@dataclass(frozen=True)
class Choice:
    """`streams` side by side, each of which computes at most `batch` images at once."""

    streams: int
    batch: int


def choose(costs: Mapping[int, Mapping[int, float]], default: Choice, most: int) -> Choice:
    """Return the cheapest choice, or `default` unless another is measurably cheaper.

    `costs`: CPU seconds per image by streams and batch. Of those that are equally cheap, the one
    with the fewest images, which is the quickest; never more than `most` images in all.
    """
    own = costs.get(default.streams, {}).get(default.batch)
    options = {
        Choice(streams, batch): seconds
        for streams, sizes in costs.items()
        for batch, seconds in sizes.items()
        if streams * batch <= most
    }
    if own is None or not options or own <= WORTH * min(options.values()):
        return default
    good = [found for found, seconds in options.items() if seconds <= WORTH * min(options.values())]
    return min(good, key=lambda found: (found.streams * found.batch, -found.streams))


def measure(
    infer: Infer,
    size: tuple[int, int],
    known: Mapping[int, float],
    most: int,
    *,
    budget_s: float = BUDGET_S,
    clock: Callable[[], float] = time.process_time,
) -> Sizes:
    """Return `known` and what could be measured of the other SIZES within `budget_s`.

    `size`: height and width of the network's input; `most`: images that `infer` takes at once. The
    clock is that of the process, since other programs may use the cores meanwhile.
    """
    found, began = dict(known), clock()
    for batch in SIZES:
        if batch > most or batch in found:
            continue
        expected_s = CALLS * batch * max(found.values(), default=0.0)
        if clock() - began + expected_s > budget_s:
            break
        images = np.zeros((batch, 3, *size), np.float32)
        found[batch] = min(took(infer, images, clock) for _ in range(CALLS)) / batch
    return found


def took(
    infer: Infer, images: NDArray[np.float32], clock: Callable[[], float] = time.process_time
) -> float:
    """Return the seconds by `clock` that one call takes."""
    began = clock()
    infer(images)
    return clock() - began


class KnownCosts:
    """What was measured before, in a small file. One that cannot be read or written is nothing."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self) -> dict[int, Sizes]:
        """Return the costs by streams and batch."""
        try:
            found = json.loads(self._path.read_text(encoding="ascii"))
            return {
                int(streams): {int(batch): float(s) for batch, s in sizes.items()}
                for streams, sizes in found.items()
            }
        except (OSError, ValueError, AttributeError, TypeError):
            return {}

    def keep(self, streams: int, sizes: Mapping[int, float]) -> None:
        """Keep `sizes` as those of `streams`."""
        costs = {**self.read(), streams: dict(sizes)}
        part = self._path.with_suffix(".part")
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            part.write_text(json.dumps(costs), encoding="ascii")
            part.replace(self._path)
        except OSError:  # a cache that is read-only: each start measures
            return


class Fitting:
    """Fits one engine to its processor, when it is loaded: `fit(infer)` returns images at once."""

    def __init__(
        self, known: KnownCosts, size: tuple[int, int], default: Choice, most: int
    ) -> None:
        self._known = known
        self._size = size
        self._most = most
        self._default = default
        self.streams = choose(known.read(), default, most).streams

    def fit(self, infer: Infer, *, budget_s: float = BUDGET_S) -> int:
        """Measure what is not known and fits in the budget; return the batch to be used."""
        costs = self._known.read()
        before = costs.get(self.streams, {})
        sizes = measure(infer, self._size, before, self._most // self.streams, budget_s=budget_s)
        if sizes != before:
            self._known.keep(self.streams, sizes)
        own = Choice(
            self.streams, max(1, self._default.batch * self._default.streams // self.streams)
        )
        here = {self.streams: sizes}
        return choose(here, own, self._most).batch
