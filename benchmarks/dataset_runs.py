"""Submits simulated datasets to a stack and waits for them, as the API would."""

from __future__ import annotations

import time
from collections.abc import Callable

from benchmarks.stack import Stack
from contract.ids import new_id
from contract.models.declaration import DEFAULT_MODEL
from contract.names.queues import STEP_PLAN, TASK_PLAN_RUN, Lane
from contract.runs import DatasetSpec, RunRecord, RunRequest
from storage.objects.open import open_object_store, open_run_store
from storage.runs.files import RunObjects
from worker.process.app import make_celery, send


class DatasetRun:
    """One dataset of `items` simulated items on a running stack."""

    def __init__(self, stack: Stack, items: int, shard_size: int | None = None) -> None:
        self.items = items
        self.ledger = open_run_store(stack.settings)
        self.files = RunObjects(open_object_store(stack.settings))
        spec = DatasetSpec(prefix=f"s3://null/{items}", shard_size=shard_size)
        request = RunRequest(id=new_id(), created_at=time.time(), spec=spec)
        self.id = request.id
        self.files.write_request(request)
        self.ledger.create(RunRecord(request=request))
        message_id = f"{self.id}/{STEP_PLAN}"
        send(make_celery(stack.settings), TASK_PLAN_RUN, message_id, Lane.BULK, DEFAULT_MODEL)

    def wait(
        self,
        each: Callable[[RunRecord], None] = lambda _: None,
        *,
        every_s: float = 0.25,
        timeout_s: float = 1_800.0,
    ) -> RunRecord:
        """Return the record when the dataset has ended; `each` sees it on the way."""
        deadline = time.monotonic() + timeout_s
        while time.monotonic() < deadline:
            record = self.ledger.get(self.id)
            if record is None:
                raise RuntimeError("the dataset's record is gone")
            each(record)
            if record.state.terminal:
                return record
            time.sleep(every_s)
        raise TimeoutError(f"the dataset did not end in {timeout_s:.0f} s")
