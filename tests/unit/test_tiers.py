"""`make test` leaves out repeats of test functions, and no function."""

from __future__ import annotations

import pytest

from tests.conftest import NEVER_RUN
from tests.tiers import never_run, thorough


@pytest.mark.parametrize("repeat", ["first", thorough("second"), thorough("third", name="3rd")])
def test_a_repeat_is_marked(repeat: str, request: pytest.FixtureRequest) -> None:
    assert (request.node.get_closest_marker("thorough") is None) == (repeat == "first")
    assert request.node.name.endswith({"third": "[3rd]"}.get(repeat, f"[{repeat}]"))


def test_make_test_runs_each_function_that_has_been_collected(pytestconfig: pytest.Config) -> None:
    assert pytestconfig.stash[NEVER_RUN] == set()


class Item:
    """As much of a test as its markers and its name."""

    def __init__(self, nodeid: str, *markers: str) -> None:
        self.nodeid, self.markers = nodeid, markers

    def get_closest_marker(self, name: str) -> bool:
        return name in self.markers


def test_a_function_of_thorough_and_slow_items_alone_is_named() -> None:
    kept = [Item("a::f[1]"), Item("a::f[2]", "thorough"), Item("a::slow", "slow")]
    lost = [Item("a::g[1]", "thorough"), Item("a::g[2]", "slow"), Item("b::f", "thorough")]
    assert never_run([*kept, *lost]) == {"a::g", "b::f"}
