"""Wrong keys are counted per address, and cost the guesser only."""

from __future__ import annotations

import pytest

from api.callers import failed_logins
from api.callers.auth import Keys
from api.callers.failed_logins import MAX_FAILURES, WINDOW_S, FailedLogins
from contract.errors import Overloaded, Unauthorized
from contract.key_limits import key_digest


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def keys(clock):
    return Keys([key_digest("anna"), key_digest("bert")], FailedLogins(clock))


def guess(keys, address="a", times=MAX_FAILURES):
    for _ in range(times):
        with pytest.raises(Unauthorized):
            keys.owner("Bearer wrong", address)


def test_after_too_many_guesses_even_a_right_one_has_to_wait(keys, clock):
    guess(keys)
    for key in ("wrong", "anna"):
        with pytest.raises(Overloaded) as refused:
            keys.owner(f"Bearer {key}", "a")
        assert 0 < refused.value.retry_after_s <= WINDOW_S + 1
    clock.now += WINDOW_S + 1
    assert keys.owner("Bearer anna", "a") == key_digest("anna")
    guess(keys)


def test_who_was_let_in_from_that_address_before_is_not_shut_out(keys):
    keys.owner("Bearer anna", "a")
    guess(keys)
    assert keys.owner("Bearer anna", "a") == key_digest("anna")
    with pytest.raises(Overloaded):
        keys.owner("Bearer bert", "a")


def test_other_addresses_and_calls_without_a_key_are_not_counted(keys):
    guess(keys, "a")
    assert keys.owner("Bearer bert", "b") == key_digest("bert")
    for _ in range(2 * MAX_FAILURES):
        with pytest.raises(Unauthorized):
            keys.owner("", "c")


def test_a_wrong_key_is_no_worse_for_being_rare(keys, clock):
    for _ in range(3 * MAX_FAILURES):
        guess(keys, times=1)
        clock.now += WINDOW_S / MAX_FAILURES * 1.2


def test_addresses_without_end_take_no_memory_without_end(clock, monkeypatch):
    monkeypatch.setattr(failed_logins, "MAX_ADDRESSES", 10)
    counted = FailedLogins(clock)
    for number in range(100):
        counted.record_failure(f"at-{number}")
    assert len(counted._addresses) == 10
