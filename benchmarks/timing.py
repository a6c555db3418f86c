"""Fair timing: variants take turns, so that a drifting machine drifts for all of them."""

from __future__ import annotations

import math
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Rates:
    """Calls per second of one variant: the median of its rounds, and their spread."""

    per_s: float
    lowest: float
    highest: float

    @classmethod
    def of(cls, rounds: Sequence[float]) -> Rates:
        """Return the summary of at least one round."""
        return cls(statistics.median(rounds), min(rounds), max(rounds))


def interleave(
    variants: Mapping[str, Callable[[], Any]], *, rounds: int, round_s: float
) -> dict[str, Rates]:
    """Run the variants A, B, C, A, B, C … and return the calls per second of each.

    Every variant is called twice beforehand, unmeasured: compilers and caches settle.
    """
    for call in variants.values():
        call()
        call()
    seen: dict[str, list[float]] = {name: [] for name in variants}
    for _ in range(rounds):
        for name, call in variants.items():
            seen[name].append(rate(call, round_s))
    return {name: Rates.of(rates) for name, rates in seen.items()}


def rate(call: Callable[[], Any], seconds: float) -> float:
    """Return calls per second over about `seconds`, at least two calls."""
    calls, began = 0, time.perf_counter()
    while calls < 2 or time.perf_counter() - began < seconds:
        call()
        calls += 1
    return calls / (time.perf_counter() - began)


def milliseconds(call: Callable[[], Any], *, seconds: float, at_least: int = 5) -> dict[str, float]:
    """Return p50 and p95 of the call's duration in ms over about `seconds`."""
    call()
    taken: list[float] = []
    began = time.perf_counter()
    while len(taken) < at_least or time.perf_counter() - began < seconds:
        start = time.perf_counter()
        call()
        taken.append((time.perf_counter() - start) * 1e3)
    return {"p50_ms": percentile(taken, 50), "p95_ms": percentile(taken, 95)}


def percentile(values: Sequence[float], percent: float) -> float:
    """Return the value that `percent` of `values` do not exceed, by nearest rank; NaN if none."""
    if not values:
        return math.nan
    ranked = sorted(values)
    return ranked[max(0, math.ceil(len(ranked) * percent / 100) - 1)]
