"""Schemathesis against the real process, with a worker that the test plays.

Its phases are files of their own, so that several test processes share them. They are bounded by
examples, not by time: with `--max-time` a run goes on until the time is over.
"""

from __future__ import annotations

import re
import subprocess
import sys
import threading
from dataclasses import dataclass
from pathlib import Path

import pytest

from contract.names.queues import Lane
from contract.settings import Settings
from storage.fleet.workers import WorkerRegistry
from storage.immediate.exchange import Exchange
from storage.jobs.store import JobStore
from storage.ledger.connection import open_redis
from storage.objects.filesystem import FilesystemStore
from tests.integration.api.at_once import StubComputer, announce, slots_over
from tests.integration.api.live import ApiProcess
from tests.integration.api.worker import succeed

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


@pytest.fixture
def api(redis_url, tmp_path):
    settings = Settings(redis_url=redis_url, data_dir=tmp_path / "data", webhook_secret=SECRET)
    process = ApiProcess(settings, tmp_path / "api")
    process.start()
    yield process
    process.stop()


class Parts:
    """What the playing worker needs."""

    def __init__(self, redis, folder: Path) -> None:
        self.jobs = JobStore(redis)
        self.objects = FilesystemStore(folder)


@pytest.fixture
def worker(redis_url, tmp_path):
    """A worker that ends every job soon, so that long polls end, and answers asks."""
    stop = threading.Event()

    def work() -> None:
        with open_redis(Settings(redis_url=redis_url)) as redis:
            parts = Parts(redis, tmp_path / "data" / "objects")
            while not stop.wait(0.2):
                for job_id in parts.jobs.queued(Lane.INTERACTIVE, older_than_s=0, limit=100):
                    if parts.jobs.get(job_id):
                        succeed_unless_deleted(parts, job_id)

    thread = threading.Thread(target=work)
    thread.start()
    with open_redis(Settings(redis_url=redis_url), text=False) as redis:
        announce(WorkerRegistry(redis))
        slots = slots_over(Exchange(redis), StubComputer())
        slots.start()
        yield
        slots.stop()
    stop.set()
    thread.join()


def succeed_unless_deleted(parts, job_id) -> None:
    try:
        succeed(parts, job_id)
    except (AttributeError, AssertionError):
        return  # deleted in between: no record was claimed, or none is left to finish


@dataclass(frozen=True)
class Report:
    """What schemathesis says at its end."""

    operations: int
    cases: int


@pytest.fixture
def schemathesis(api, worker, tmp_path):
    """Run some of its phases on some of the operations: no violation may be found."""

    def run(phase: str, *choice: str, examples: int = 10) -> Report:
        done = subprocess.run(
            [
                Path(sys.executable).with_name("schemathesis"), "run", f"{api.url}/openapi.json",
                f"--phases={phase}", f"--max-examples={examples}", "--seed=1", *choice,
                "--request-timeout=150", "--no-color",
                # That bytes of the right type are an image is beyond what a schema can say.
                "--exclude-checks=positive_data_acceptance",
            ],
            cwd=tmp_path, capture_output=True, text=True, check=False, timeout=840,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-2000:]
        return Report(
            int(re.search(r"Tested: (\d+)", done.stdout)[1]),
            int(re.search(r"(\d+) generated", done.stdout)[1]),
        )

    return run
