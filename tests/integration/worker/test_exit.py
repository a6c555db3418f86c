"""A worker's exit code tells supervisors whether it was told to stop."""

from __future__ import annotations

import os
import signal

import pytest

from contract.names.queues import Lane, queue_name
from contract.settings import Settings
from tests.services.depthq import WorkerProcess
from tests.waits import wait_until
from worker.process.app import NO_QUEUE


@pytest.fixture
def worker(valkey, redis, tmp_path):
    settings = Settings(redis_url=valkey.url, data_dir=tmp_path / "data", engine="simulated")
    process = WorkerProcess(settings, tmp_path / "worker")
    try:
        process.start()
        wait_until(lambda: consumes(redis), "it consumes")
        yield process
    finally:
        process.stop()


def consumes(redis):
    return any(client["cmd"] == "brpop" for client in redis.client_list())


def exit_code(worker):
    wait_until(lambda: not worker.running, "the worker has ended")
    return worker._process.returncode


def test_told_to_stop_it_ends_well(worker):
    os.kill(worker.pid, signal.SIGTERM)
    assert exit_code(worker) == 0


def test_told_to_stop_while_redis_is_away_it_ends_without_a_traceback(worker, valkey):
    valkey.kill()
    os.kill(worker.pid, signal.SIGTERM)
    assert exit_code(worker) == 0
    assert "Traceback" not in worker.tail().partition("not withdrawn")[2]


def test_ended_by_garbage_in_celerys_queue_it_says_so(worker, redis):
    redis.lpush(NO_QUEUE, "garbage")
    assert exit_code(worker) != 0


def test_garbage_among_the_jobs_ends_nothing(worker, redis):
    redis.lpush(queue_name(Lane.INTERACTIVE), "garbage")
    wait_until(lambda: "not a message of a job" in worker.tail(), "it is told")
    assert worker.running
