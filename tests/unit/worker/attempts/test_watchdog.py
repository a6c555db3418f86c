from __future__ import annotations

import pytest

from contract.errors import StorageUnavailable
from worker.attempts import watchdog
from worker.attempts.watchdog import EXIT_CODE, Watchdog


class Worker:
    """What a watchdog sees of a worker, set by the test."""

    def __init__(self) -> None:
        self.overdue_s, self.busy, self.waiting, self.taken = 0.0, 0, 0, 0
        self.exits: list[int] = []
        self.watchdog = Watchdog(
            lambda: self.overdue_s,
            lambda: self.busy,
            self.queue_length,
            lambda: self.taken,
            self.exits.append,
        )

    def queue_length(self) -> int:
        if self.waiting < 0:
            raise StorageUnavailable("Redis is away")
        return self.waiting


@pytest.fixture
def worker(monkeypatch) -> Worker:
    monkeypatch.setattr(watchdog, "IDLE_LIMIT_S", 0.0)
    return Worker()


def look_twice(worker: Worker) -> list[int]:
    worker.watchdog.check()
    worker.watchdog.check()
    return worker.exits


def test_an_idle_worker_with_an_empty_queue_is_left_alone(worker):
    assert look_twice(worker) == []


def test_a_busy_worker_is_left_alone(worker):
    worker.waiting, worker.busy = 5, 1
    assert look_twice(worker) == []


def test_a_worker_that_consumes_is_left_alone(worker):
    worker.waiting, worker.taken = 5, 1
    worker.watchdog.check()
    worker.taken = 2
    worker.watchdog.check()
    assert worker.exits == []


def test_a_worker_whose_queue_fills_while_it_idles_is_ended(worker):
    worker.waiting = 5
    assert EXIT_CODE in look_twice(worker)


def test_an_engine_that_hangs_is_ended(worker):
    worker.overdue_s = 1.0
    worker.watchdog.check()
    assert worker.exits == [EXIT_CODE]


def test_redis_being_away_is_no_reason_to_end(worker):
    worker.waiting = -1
    assert look_twice(worker) == []
