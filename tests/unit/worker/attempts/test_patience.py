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
