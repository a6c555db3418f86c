from __future__ import annotations

import threading

import pytest

from worker.process import pulse
from worker.process.pulse import Pulse


def test_a_beat_that_raises_is_called_again_and_costs_the_others_nothing(caplog):
    calls = []
    enough = threading.Event()

    def broken():
        calls.append("broken")
        raise RuntimeError("once more")

    def sound():
        calls.append("sound")
        if calls.count("sound") == 3:
            enough.set()

    beating = Pulse(0.01, (broken, sound))
    beating.start()
    assert enough.wait(10)
    beating.stop()
    assert calls[:4] == ["broken", "sound", "broken", "sound"]
    assert "skipped a beat" in caplog.text


def test_a_beat_that_hangs_does_not_keep_the_process_from_stopping(monkeypatch):
    monkeypatch.setattr(pulse, "LAST_BEAT_S", 0.05)
    release, began = threading.Event(), threading.Event()

    def hang():
        began.set()
        release.wait(30)

    beating = Pulse(0.01, (hang,))
    beating.start()
    assert began.wait(10)
    stopper = threading.Thread(target=beating.stop)
    stopper.start()
    stopper.join(10)
    assert not stopper.is_alive()
    release.set()


def test_a_pulse_that_never_began_can_be_stopped():
    Pulse(1.0, (pytest.fail,)).stop()
