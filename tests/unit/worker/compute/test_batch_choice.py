"""Batches follow from what they cost on this processor, measured within a fraction of a second."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from worker.compute.batch_choice import Choice, Fitting, KnownCosts, choose, measure

DEFAULT = Choice(streams=2, batch=4)
AMX = {1: 0.0200, 2: 0.0180, 4: 0.0160, 8: 0.0136}  # 15 % between 4 and 8
PLAIN = {1: 0.0769, 2: 0.0770, 4: 0.0772, 8: 0.0790}
SIZE = (192, 256)


class Engine:
    """Has a clock of its own, which a batch moves on by a fixed part and one for each image."""

    def __init__(self, batch_s: float, image_s: float) -> None:
        self.now = 0.0
        self.batch_s, self.image_s = batch_s, image_s
        self.sizes: list[int] = []

    def infer(self, images: np.ndarray) -> None:
        assert images.shape[1:] == (3, *SIZE)
        self.sizes.append(len(images))
        self.now += self.batch_s + self.image_s * len(images)

    def measure(self, known: dict[int, float], budget_s: float) -> dict[int, float]:
        return measure(self.infer, SIZE, known, 8, budget_s=budget_s, clock=lambda: self.now)


def test_larger_batches_are_chosen_where_they_are_cheaper() -> None:
    assert choose({2: AMX}, DEFAULT, most=16) == Choice(2, 8)


def test_nothing_changes_where_they_are_not() -> None:
    assert choose({2: PLAIN}, DEFAULT, most=16) == DEFAULT


def test_what_takes_too_much_memory_is_not_chosen() -> None:
    assert choose({2: AMX}, DEFAULT, most=8) == DEFAULT


def test_one_stream_is_chosen_where_two_are_dearer() -> None:
    found = choose({2: PLAIN, 1: {4: 0.0700, 8: 0.0699}}, DEFAULT, most=16)
    assert found == Choice(1, 4)  # the quickest of those that are equally cheap


@pytest.mark.parametrize("costs", [{}, {2: {1: 0.02}}, {1: AMX}])
def test_without_the_default_s_cost_nothing_is_chosen(costs: dict[int, dict[int, float]]) -> None:
    assert choose(costs, DEFAULT, most=16) == DEFAULT


def test_a_fast_engine_is_measured_in_one_start() -> None:
    engine = Engine(batch_s=0.004, image_s=0.001)
    found = engine.measure({}, budget_s=0.3)
    assert found == pytest.approx({1: 0.005, 2: 0.003, 4: 0.002, 8: 0.0015})
    assert engine.sizes == [1, 1, 2, 2, 4, 4, 8, 8]


def test_a_start_never_takes_longer_than_its_budget_and_one_image() -> None:
    engine = Engine(batch_s=0.0, image_s=0.077)
    assert list(engine.measure({}, budget_s=0.3)) == [1]
    assert engine.now == pytest.approx(2 * 0.077)


def test_the_next_start_goes_on_where_the_last_ended() -> None:
    engine = Engine(batch_s=0.004, image_s=0.012)
    first = engine.measure({}, budget_s=0.15)
    assert list(first) == [1, 2]
    engine.sizes.clear()
    assert list(engine.measure(first, budget_s=0.15)) == [1, 2, 4]
    assert engine.sizes == [4, 4]


def test_what_was_measured_is_kept_and_used_by_the_next_start(tmp_path: Path) -> None:
    known = KnownCosts(tmp_path / "costs" / "a.json")
    assert known.read() == {}
    known.keep(2, AMX)
    fitting = Fitting(known, SIZE, DEFAULT, most=16)
    assert fitting.streams == 2
    assert fitting.fit(Engine(0, 0).infer, budget_s=0) == 8
    assert known.read() == {2: AMX}


def test_streams_that_were_measured_to_be_dearer_are_not_opened(tmp_path: Path) -> None:
    known = KnownCosts(tmp_path / "a.json")
    known.keep(2, PLAIN)
    known.keep(1, {4: 0.0700, 8: 0.0699})
    fitting = Fitting(known, SIZE, DEFAULT, most=16)
    assert fitting.streams == 1
    assert fitting.fit(Engine(0, 0).infer, budget_s=0) == 8  # as many images as by two of four


@pytest.mark.parametrize("text", ["", "[]", '{"2": 1}', '{"a": {"b": 1}}', "{"])
def test_a_file_that_makes_no_sense_is_nothing(tmp_path: Path, text: str) -> None:
    path = tmp_path / "a.json"
    path.write_text(text)
    assert KnownCosts(path).read() == {}


def test_a_cache_that_cannot_be_written_stops_nothing(tmp_path: Path) -> None:
    (tmp_path / "costs").write_text("a file in the way")
    KnownCosts(tmp_path / "costs" / "a.json").keep(2, AMX)
