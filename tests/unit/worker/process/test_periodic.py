from __future__ import annotations

import threading

import pytest

from tests.waits import PATIENT_S
from worker.process import periodic
from worker.process.periodic import PeriodicThreads


def test_a_beat_that_raises_is_called_again_and_costs_the_others_nothing(caplog):
    calls = []
    enough = threading.Event()

    def broken():
        calls.append("broken")
        raise RuntimeError("once more")

    def sound():
        calls.append("sound")
        if min(calls.count("sound"), calls.count("broken")) >= 3:
            enough.set()

    beating = PeriodicThreads(0.01, (broken, sound))
    beating.start()
    assert enough.wait(PATIENT_S)
    beating.stop()
    assert calls.count("broken") > 1
    assert "a periodic call failed" in caplog.text


@pytest.mark.parametrize("place", [0, 1])
def test_a_beat_that_takes_long_delays_no_other(place):
    # Given one that hangs, before or behind another
    release, enough = threading.Event(), threading.Event()
    calls = []

    def brisk():
        calls.append("brisk")
        if len(calls) == 3:
            enough.set()

    beats = [brisk]
    beats.insert(place, lambda: release.wait(PATIENT_S))
    beating = PeriodicThreads(0.01, beats)
    # When they beat
    beating.start()
    # Then the other goes on
    assert enough.wait(PATIENT_S)
    release.set()
    beating.stop()


def test_a_beat_is_never_called_by_two_threads_at_once():
    inside, together, done = threading.Lock(), [], threading.Event()

    def beat():
        together.append(not inside.acquire(blocking=False))
        done.wait(0.005)  # longer than the interval
        inside.release()
        if len(together) == 5:
            done.set()

    beating = PeriodicThreads(0.001, (beat,))
    beating.start()
    assert done.wait(PATIENT_S)
    beating.stop()
    assert not any(together)


def test_a_beat_that_hangs_does_not_keep_the_process_from_stopping(monkeypatch):
    monkeypatch.setattr(periodic, "LAST_BEAT_S", 0.05)
    release, began = threading.Event(), threading.Event()

    def hang():
        began.set()
        release.wait(PATIENT_S)

    beating = PeriodicThreads(0.01, (hang,))
    beating.start()
    assert began.wait(PATIENT_S)
    stopper = threading.Thread(target=beating.stop)
    stopper.start()
    stopper.join(PATIENT_S)
    assert not stopper.is_alive()
    release.set()


def test_periodic_threads_that_never_began_can_be_stopped():
    PeriodicThreads(1.0, (pytest.fail,)).stop()
