from __future__ import annotations

import pytest

from contract.errors import ImageCorrupt, StorageUnavailable
from worker.attempts.patience import Patience


def failing(times: int, error: Exception):
    left = [times]

    def action() -> str:
        if left[0]:
            left[0] -= 1
            raise error
        return "done"

    return action


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch):
    monkeypatch.setattr("worker.attempts.patience.FIRST_PAUSE_S", 0.001)


def test_storage_that_comes_back_is_waited_for():
    assert Patience()(failing(5, StorageUnavailable("away"))) == "done"


def test_other_errors_are_not_retried():
    with pytest.raises(ImageCorrupt):
        Patience()(failing(1, ImageCorrupt("broken")))


def test_patience_ends_at_its_limit():
    with pytest.raises(StorageUnavailable):
        Patience(limit_s=0.05)(failing(10_000, StorageUnavailable("away")))


def test_a_stopping_worker_gives_up_at_the_next_failure():
    patience = Patience()
    patience.stop()
    with pytest.raises(StorageUnavailable):
        patience(failing(1, StorageUnavailable("away")))
    assert patience(failing(0, StorageUnavailable("away"))) == "done"


def test_a_bucket_that_alone_is_away_is_not_waited_for_long(monkeypatch):
    monkeypatch.setattr("worker.attempts.patience.BESIDE_S", 0.02)
    asked = []
    beside = Patience(limit_s=600).beside(lambda: asked.append(1))
    with pytest.raises(StorageUnavailable):
        beside(failing(10_000, StorageUnavailable("away")))
    assert asked == [1]
    assert beside(failing(2, StorageUnavailable("away"))) == "done"


def test_a_bucket_is_waited_for_as_long_as_our_own_when_both_are_away(monkeypatch):
    # Given a store whose every bucket is away for longer than one bucket alone is waited for
    monkeypatch.setattr("worker.attempts.patience.BESIDE_S", 0.0)
    monkeypatch.setattr("worker.attempts.patience.LONGEST_PAUSE_S", 0.001)
    away = [200]

    def ask() -> str:
        away[0] -= 1
        if away[0] > 0:
            raise StorageUnavailable("away")
        return "done"

    assert Patience(limit_s=600).beside(ask)(ask) == "done"


def test_a_stopping_worker_waits_for_no_bucket():
    patience = Patience(limit_s=600)
    beside = patience.beside(lambda: None)
    patience.stop()
    calls = []

    def away() -> None:
        calls.append(1)
        raise StorageUnavailable("away")

    with pytest.raises(StorageUnavailable):
        beside(away)
    assert len(calls) == 2
