"""A worker that tests play: it ends all that is submitted soon, so that long polls end."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from contract.jobs import JobError
from contract.names.queues import STEP_PLAN, Lane
from contract.runs import Forecast
from contract.settings import Settings
from storage.fleet.workers import WorkerRegistry
from storage.immediate.exchange import Exchange
from storage.jobs.store import JobStore
from storage.ledger.connection import open_redis
from storage.objects.filesystem import FilesystemStore
from storage.runs.files import RunObjects
from storage.runs.steps import new_step
from storage.runs.store import RunStore
from tests.integration.api.at_once import StubComputer, announce, slots_over
from tests.integration.api.worker import succeed

PAUSE_S = 0.2
RUN_S = 1.0  # so long a dataset or video is under way, and can be canceled
REFUSAL = JobError(code="invalid_request", message="There is nothing in it.", retryable=False)


class Playing:
    """Succeeds with jobs; refuses datasets and videos, and what dry runs look at."""

    def __init__(self, redis, folder: Path) -> None:
        self.jobs, self.runs = JobStore(redis), RunStore(redis)
        self.workers = WorkerRegistry(redis)
        self.objects = FilesystemStore(folder)
        self.files = RunObjects(self.objects)
        self._folder = folder / "datasets"  # of the files of each run, by its id
        self._ended: set[str] = set()

    def play(self, stop: threading.Event) -> None:
        """Look for work until `stop`."""
        while not stop.wait(PAUSE_S):
            announce(self.workers)
            for job_id in self.jobs.queued(Lane.INTERACTIVE, older_than_s=0, limit=100):
                if self.jobs.get(job_id):
                    # deleted in between: no record was claimed, or none is left to finish
                    with contextlib.suppress(AttributeError, AssertionError):
                        succeed(self, job_id)
            names = {path.name for path in self._folder.glob("*")}
            for run_id in names - self._ended:
                self._end(run_id)

    def _end(self, run_id: str) -> None:
        request = self.files.request(run_id)
        if request is None or time.time() < request.created_at + RUN_S:
            return
        self._ended.add(run_id)
        if request.dry_run:
            nothing = {"items": 0, "complete": False, "sampled": 0, "sample_failed": 0}
            self.files.write_forecast(
                Forecast(id=run_id, **nothing, images_per_s=0.0, error=REFUSAL)
            )
            return
        step = new_step(run_id, STEP_PLAN)
        if self.runs.claim(step, "w1", 30.0).outcome == "taken":
            self.files.write_refused(run_id, REFUSAL)
            self.runs.refuse(step, REFUSAL)


@contextmanager
def playing_worker(settings: Settings) -> Iterator[None]:
    """Play it for the length of the block; it takes asks for depth at once too."""
    stop = threading.Event()
    with open_redis(settings) as redis, open_redis(settings, text=False) as bytewise:
        playing = Playing(redis, settings.data_dir / "objects")
        announce(playing.workers)
        thread = threading.Thread(target=playing.play, args=(stop,))
        thread.start()
        slots = slots_over(Exchange(bytewise), StubComputer())
        slots.start()
        try:
            yield
        finally:
            slots.stop()
            stop.set()
            thread.join()
