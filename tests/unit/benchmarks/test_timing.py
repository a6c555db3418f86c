"""Timing and its summaries."""

from __future__ import annotations

import math

import pytest

from benchmarks.timing import Rates, interleave, percentile


def test_percentiles_are_values_that_occurred() -> None:
    values = [5.0, 1.0, 4.0, 2.0, 3.0]
    assert percentile(values, 50) == 3.0
    assert percentile(values, 95) == 5.0
    assert percentile(values, 0) == 1.0
    assert math.isnan(percentile([], 50))


def test_variants_take_turns_round_by_round() -> None:
    calls: list[str] = []
    measured = interleave(
        {"a": lambda: calls.append("a"), "b": lambda: calls.append("b")}, rounds=2, round_s=0.0
    )
    assert calls == ["a", "a", "b", "b", *"aabb", *"aabb"]
    assert measured.keys() == {"a", "b"}


def test_a_rate_is_the_median_of_its_rounds() -> None:
    assert Rates.of([1.0, 9.0, 2.0]) == Rates(per_s=2.0, lowest=1.0, highest=9.0)


@pytest.mark.parametrize("percent", [1, 50, 99])
def test_one_value_is_all_its_percentiles(percent: int) -> None:
    assert percentile([7.0], percent) == 7.0
