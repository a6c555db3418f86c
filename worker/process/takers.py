"""The threads of the interactive lane: each takes a group of messages and runs it to its end.

One thread at a time takes messages, until the engine has begun with its group; what arrives
meanwhile waits in the queue and is the next group. So groups grow with load, the next group is
decoded when the engine is free, and a single job on an idle service does not wait.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack

from contract.errors import StorageUnavailable
from contract.jobs import JobRecord
from storage.broker.inbox import Inbox
from worker.attempts.watchdog import EXIT_CODE
from worker.jobs.groups import Group
from worker.jobs.pipeline import Pipeline

log = logging.getLogger(__name__)

THREADS = 4  # a group is stored, two are computed, one is taken
MOST_IN_GROUP = 8
PAUSE_S = 1.0  # while Redis is away


class Takers:
    """Takes up to `slots` jobs at once from `inbox`. `start()`, `stop()`.

    `working()`: the context in which each image is counted as being worked on.
    """

    def __init__(
        self,
        inbox: Inbox,
        pipeline: Pipeline,
        slots: int,
        working: Callable[[], AbstractContextManager[object]],
    ) -> None:
        self._inbox = inbox
        self._pipeline = pipeline
        self._working = working
        self._free = slots
        self._changed = threading.Condition()
        self._turn = threading.Lock()
        self._stopping = threading.Event()
        # large jobs, each on a thread of its own; there are never more than slots
        self._apart = ThreadPoolExecutor(slots, thread_name_prefix="job")
        self._threads = [
            threading.Thread(target=self._run, name=f"group-{number}", daemon=True)
            for number in range(min(THREADS, slots))
        ]

    def start(self) -> None:
        """Start taking."""
        for thread in self._threads:
            thread.start()

    def stop_taking(self) -> None:
        """Take nothing more."""
        self._stopping.set()
        with self._changed:
            self._changed.notify_all()

    def stop(self) -> None:
        """Take nothing more, and wait for the end of what was taken."""
        self.stop_taking()
        for thread in self._threads:
            if thread.is_alive():
                thread.join()
        self._apart.shutdown()

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self._take_one_group()
            except StorageUnavailable as exc:
                log.warning("no messages: %s", exc, extra={"action": "take"})
                self._stopping.wait(PAUSE_S)
            except MemoryError:
                log.critical("out of memory", extra={"action": "take"})
                os._exit(EXIT_CODE)
            except Exception:
                log.exception("a group failed", extra={"action": "take"})

    def _take_one_group(self) -> None:
        slots: dict[str, ExitStack] = {}
        try:
            with self._turn:
                slots |= {job_id: self._slot() for job_id in dict.fromkeys(self._take())}
                if not slots:
                    return
                group = Group(self._pipeline, [*slots])
                group.begin(lambda record: self._run_apart(record, slots.pop(record.id)))
                self._await_engine(group)
            group.end()
        finally:
            for slot in slots.values():
                slot.close()

    def _run_apart(self, record: JobRecord, slot: ExitStack) -> None:
        """Run a large job on a thread of its own, which gives its slot back."""

        def run() -> None:
            with slot:
                self._pipeline.run_apart(record)

        self._apart.submit(run)

    def _slot(self) -> ExitStack:
        """Occupy a slot and count an image as in work, until the stack is closed."""
        slot = ExitStack()
        with self._changed:
            self._free -= 1
        slot.callback(self._give_back)
        slot.enter_context(self._working())
        return slot

    def _give_back(self) -> None:
        with self._changed:
            self._free += 1
            self._changed.notify_all()

    def _take(self) -> Sequence[str]:
        with self._changed:
            self._changed.wait_for(lambda: self._free > 0 or self._stopping.is_set())
            most = min(MOST_IN_GROUP, self._free)
        return [] if self._stopping.is_set() else self._inbox.take(most)

    def _await_engine(self, group: Group) -> None:
        models = group.models()
        while not self._stopping.is_set():
            if self._pipeline.computer.await_engine(models, PAUSE_S):
                return
