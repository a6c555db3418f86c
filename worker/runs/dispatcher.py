"""Keeps a few shards per worker and kind in the queue, never a whole run."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Protocol

from contract.names.queues import (
    STEP_FINALIZE,
    STEP_PLAN,
    TASK_FINALIZE_RUN,
    TASK_PLAN_RUN,
    TASK_RUN_SHARD,
    Lane,
)
from storage.fleet.workers import WorkerInfo
from storage.runs.store import Next, RunStore

log = logging.getLogger(__name__)

SHARD_SLOTS = 2  # shards at once per worker (worker.process.app.SHARDS)
_WORKERS_KNOWN_S = 2.0
Send = Callable[[str, str], None]  # task name, message id


class LiveWorkers(Protocol):
    """The live workers (storage.fleet.workers.WorkerRegistry)."""

    def live(self) -> list[WorkerInfo]:
        """Return the live workers."""


class Dispatcher:
    """Sends the messages of runs. A duplicate is harmless: steps are claimed atomically."""

    def __init__(self, ledger: RunStore, workers: LiveWorkers, send: Send) -> None:
        self._ledger = ledger
        self._workers = workers
        self._send = send
        self._window = (0.0, 0)  # its expiry, and the window

    def top_up(self) -> int:
        """Send the next shards of all runs, as far as the window allows; return how many."""
        shards = self._ledger.dispatch(self._present_window())
        for dataset_id, shard in shards:
            self.send(dataset_id, str(shard))
        return len(shards)

    def after(self, dataset_id: str, next_step: Next) -> None:
        """Send what follows a finished step."""
        if next_step == "finalize":
            self.send(dataset_id, STEP_FINALIZE)
        self.top_up()

    def send(self, dataset_id: str, step: str) -> None:
        """Send one step; if the broker refuses, its lease expires and it is sent again."""
        task, message_id = message(dataset_id, step)
        try:
            self._send(task, message_id)
        except Exception:
            log.exception("not sent: %s", message_id, extra={"action": "dispatch"})

    def _present_window(self) -> int:
        until, window = self._window
        if time.monotonic() >= until:
            live = sum(w.lane is Lane.BULK and not w.draining for w in self._workers.live())
            window = 2 * SHARD_SLOTS * max(1, live)
            self._window = (time.monotonic() + _WORKERS_KNOWN_S, window)
        return window


def message(dataset_id: str, step: str) -> tuple[str, str]:
    """Return the task and the message id of a step; the id is also the task's one argument."""
    if step == STEP_PLAN:
        return TASK_PLAN_RUN, f"{dataset_id}/{STEP_PLAN}"
    if step == STEP_FINALIZE:
        return TASK_FINALIZE_RUN, f"{dataset_id}/{STEP_FINALIZE}"
    return TASK_RUN_SHARD, f"{dataset_id}/{step}"
