from __future__ import annotations

import pytest

from contract.errors import StorageUnavailable
from worker.upkeep import chores
from worker.upkeep.chores import LOOK_S, Chore, Leading, Led


class Clock:
    def __init__(self):
        self.now = 100.0

    def monotonic(self):
        return self.now


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(chores, "time", clock)
    return clock


def away():
    raise StorageUnavailable("away")


def test_a_chore_is_done_by_the_leader_only():
    done = []
    chore = Chore("x", 0.0, lambda: done.append(1) or 7)
    assert Led(chore, lambda: False).tick() is None
    assert Led(chore, lambda: True).tick() == 7
    assert done == [1]


def test_it_is_done_once_in_its_period(clock):
    led = Led(Chore("x", 3600.0, lambda: "done"), lambda: True)
    ticks = []
    for clock.now in (100.0, 101.0, 3699.0, 3700.0, 3701.0):
        ticks.append(led.tick())
    assert ticks == ["done", None, None, "done", None]


def test_a_process_that_comes_to_lead_does_a_rare_chore_at_once(clock):
    leading = []
    led = Led(Chore("x", 3600.0, lambda: "done"), lambda: bool(leading))
    assert led.tick() is None
    leading.append(True)
    clock.now += led.chore.look_s
    assert led.tick() == "done"
    assert (led.chore.look_s, Chore("x", 0.2, away).look_s) == (1.0, 0.2)


def test_an_outage_ends_this_turn_only(clock, caplog):
    turns = [lambda: "done", away]
    led = Led(Chore("reconciling", 2.0, lambda: turns.pop()()), lambda: True)
    assert led.tick() is None
    assert "reconciling waits: away" in caplog.text
    clock.now += 2.0
    assert led.tick() == "done"


def test_who_leads_may_be_unknown_for_a_while(caplog):
    led = Led(Chore("x", 3600.0, lambda: "done"), away)
    assert led.tick() is None
    led._leads = lambda: True
    assert led.tick() == "done"


def test_after_an_outage_a_chore_rests_so_that_the_living_renew_first(clock):
    turns = [lambda: "done", away]
    led = Led(Chore("x", 2.0, lambda: turns.pop()(), rest_s=5.0), lambda: True)
    ticks = []
    for clock.now in (100.0, 102.0, 104.0, 105.0):
        ticks.append(led.tick())
    assert ticks == [None, None, None, "done"]


def test_a_fault_of_ours_is_passed_on_and_tried_again_in_its_period(clock):
    turns = [lambda: "done", lambda: 1 / 0]
    led = Led(Chore("x", 2.0, lambda: turns.pop()()), lambda: True)
    with pytest.raises(ZeroDivisionError):
        led.tick()
    clock.now += 2.0
    assert led.tick() == "done"


def test_while_another_process_leads_redis_is_asked_once_a_second_for_all_chores(clock):
    answers = iter([False, True, True])
    asked = []

    def acquire_or_renew():
        asked.append(clock.now)
        return next(answers)

    leads = Leading(acquire_or_renew)
    assert [leads() for _ in range(7)] == [False] * 7
    clock.now += LOOK_S
    assert [leads(), leads()] == [True, True]
    assert asked == [100.0, 100.0 + LOOK_S, 100.0 + LOOK_S]  # a leader renews at each chore


def test_an_outage_is_no_answer_to_who_leads(clock):
    leads = Leading(away)
    for _ in range(2):
        with pytest.raises(StorageUnavailable):
            leads()
