"""Compares contenders in rounds: each is measured in every round while the others are frozen."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from typing import Any

from benchmarks.contenders import Contender
from benchmarks.load import Outcome

Make = Callable[[], Contender]


def compare(
    makers: dict[str, Make], *, rounds: int, seconds: float, say: Callable[[str], None]
) -> dict[str, Any]:
    """Return the rounds of each contender summed up, or why it could not be measured.

    The first maker is the reference: ratios are taken round by round against it.
    """
    ring, absent = _start(makers, say)
    try:
        outcomes: dict[str, list[Outcome]] = {contender.name: [] for contender in ring}
        for number in range(rounds):
            for contender in [one for one in ring if one.name in outcomes]:
                contender.resume()
                try:
                    outcome = contender.measure(seconds)
                except RuntimeError as exc:  # it started, but answers nothing useful
                    if contender is ring[0]:
                        raise
                    absent[contender.name] = str(exc)[-300:]
                    del outcomes[contender.name]
                    say(f"  {contender.name} is absent: {exc}")
                    continue
                finally:
                    contender.pause()
                outcomes[contender.name].append(outcome)
                say(
                    f"  {number + 1}/{rounds} {contender.name}: {outcome.images_per_s:.1f} images/s"
                )
    finally:
        for contender in ring:
            contender.stop()
    yardstick = [outcome.images_per_s for outcome in outcomes[ring[0].name]]
    rows = {name: summary(seen, yardstick) for name, seen in outcomes.items()}
    return {"rows": rows, "absent": absent, "yardstick": ring[0].name}


def summary(outcomes: Sequence[Outcome], yardstick: Sequence[float]) -> dict[str, Any]:
    """Return the medians over rounds, as plain values."""
    ratios = [o.images_per_s / base for o, base in zip(outcomes, yardstick, strict=True)]
    names = {name for outcome in outcomes for name in outcome.cpu_ms}
    stages = {name for outcome in outcomes for name in outcome.stage_ms}
    return {
        "images_per_s": _median([o.images_per_s for o in outcomes]),
        "rounds": [o.images_per_s for o in outcomes],
        "ratio": _median(ratios),
        "ratios": ratios,
        "p50_ms": _median([o.p50_ms for o in outcomes]),
        "p95_ms": _median([o.p95_ms for o in outcomes]),
        "p99_ms": _median([o.p99_ms for o in outcomes]),
        "requests_per_image": _median([o.requests_per_image for o in outcomes]),
        "redis_round_trips": _median([o.redis_round_trips for o in outcomes]),
        "cpu_ms": {n: _median([o.cpu_ms.get(n, 0.0) for o in outcomes]) for n in sorted(names)},
        "stage_ms": {n: _median([o.stage_ms.get(n, 0.0) for o in outcomes]) for n in stages},
        "errors": [o.errors for o in outcomes if o.errors],
    }


def _start(
    makers: dict[str, Make], say: Callable[[str], None]
) -> tuple[list[Contender], dict[str, str]]:
    ring: list[Contender] = []
    absent: dict[str, str] = {}
    for name, make in makers.items():
        try:
            contender = make()
        except Exception as exc:
            if not ring:  # without the yardstick there is nothing to compare
                raise
            absent[name] = f"{type(exc).__name__}: {str(exc)[-300:]}"
            say(f"  {name} is absent: {absent[name]}")
        else:
            contender.pause()
            ring.append(contender)
    return ring, absent


def _median(values: Sequence[float]) -> float:
    return statistics.median(values)
