"""Admission and estimates."""

from __future__ import annotations

import threading
from types import SimpleNamespace

import pytest

from api.load.capacity import Capacity, _Cached
from contract.errors import Overloaded
from contract.names.queues import Lane
from storage.fleet.workers import WorkerInfo
from tests.waits import PATIENT_S


def worker(images_per_s, lane=Lane.INTERACTIVE, ready=True, draining=False):
    return WorkerInfo(
        name="w", lane=lane, pid=1, host="h", started_at=0.0, ready=ready, draining=draining,
        model="midas_small", images_per_s=images_per_s,
    )  # fmt: skip


def capacity(queued=0, workers=(), position=None, max_backlog=100):
    backlog = SimpleNamespace(queued=queued, running=0, oldest_age_s=None)
    jobs = SimpleNamespace(
        backlog=lambda lane, model: backlog, position=lambda job_id, lane, model: position
    )
    return Capacity(jobs, SimpleNamespace(live=lambda: list(workers)), max_backlog)


def test_below_the_limit_every_caller_is_admitted():
    capacity(queued=99).admit()


def test_at_the_limit_retry_after_is_backlog_over_throughput():
    fleet = [worker(10), worker(30), worker(100, lane=Lane.BULK), worker(7, draining=True)]
    with pytest.raises(Overloaded) as caught:
        capacity(queued=100, workers=fleet).admit()
    assert caught.value.retry_after_s == 3  # 100 / 40, rounded up


def test_without_a_measured_worker_the_wait_is_a_guess():
    with pytest.raises(Overloaded) as caught:
        capacity(queued=100).admit()
    assert caught.value.retry_after_s == 30


def test_a_wait_is_never_longer_than_an_hour():
    assert capacity(workers=[worker(0.001)]).retry_after_s(10_000) == 3600


def test_the_estimate_follows_from_position_and_throughput():
    job = "x", Lane.INTERACTIVE, "midas_small"
    assert capacity(position=9, workers=[worker(4)]).outlook(*job) == (9, 2.5)
    assert capacity(position=9).outlook(*job) == (9, None)
    assert capacity(position=None, workers=[worker(4)]).outlook(*job) == (None, None)


def test_no_caller_waits_for_the_read_of_another():
    # Given a value that is old, and a thread that is reading it anew from a silent Redis
    silent, reading = threading.Event(), threading.Event()
    reads = []

    def read() -> int:
        reads.append(1)
        if len(reads) == 2:
            reading.set()
            silent.wait(PATIENT_S)
        return len(reads)

    cached = _Cached(read, age_s=-1.0)
    assert cached.get() == 1
    thread = threading.Thread(target=cached.get)
    thread.start()
    reading.wait(PATIENT_S)
    # Then the others go on with what there is
    assert cached.get() == 1
    silent.set()
    thread.join()
    assert cached.get() == 3
