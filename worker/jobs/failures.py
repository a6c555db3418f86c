"""What becomes of a job whose stages fail: it is ended, given back, or tried again.

The three classes of failure are handled only here: the input's (final at once), that of the
infrastructure or of this machine (given back, never counted) and the service's (a bounded number of
attempts).
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from contract.errors import (
    DeadlineExceeded,
    DecoderCrashed,
    DepthqError,
    InputError,
    NotFound,
    NotInstalled,
    Poisoned,
    StorageUnavailable,
)
from contract.jobs import JobRecord
from contract.names.object_keys import poisoned_mark
from contract.states import JobState
from storage.objects.marks import set_mark
from worker.attempts.metrics import StageClock
from worker.attempts.patient import PatientJobs, PatientObjects
from worker.attempts.watchdog import EXIT_CODE
from worker.jobs.ending import Ending
from worker.jobs.outcome import failure
from worker.shortage import shortages_wait

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Failures:
    """Ends or returns jobs whose lease this process holds."""

    objects: PatientObjects
    jobs: PatientJobs
    ending: Ending
    max_attempts: int
    end_process: Callable[[int], object] = os._exit

    @contextmanager
    def settled(self, record: JobRecord, clock: StageClock) -> Iterator[None]:
        """End or give back the job if the block fails. Raises StorageUnavailable if it cannot."""
        try:
            with shortages_wait():
                yield
        except (InputError, NotFound, NotInstalled, Poisoned) as exc:
            self._fail(record, exc, clock, JobState.FAILED)
        except DeadlineExceeded as exc:
            self._fail(record, exc, clock, JobState.EXPIRED)
        except StorageUnavailable as exc:
            log.warning("given back: %s", exc, extra={"action": "run", "job_id": record.id})
            self.give_back(record, counted=False)
        except DecoderCrashed as exc:
            self._retry_or_poison(record, exc, clock)
        except MemoryError:
            # no job can be done in this process any more, and that is no job's fault
            log.critical("out of memory", extra={"action": "run", "job_id": record.id})
            self.end_process(EXIT_CODE)
        except Exception as exc:
            log.exception("attempt failed", extra={"action": "run", "job_id": record.id})
            self._retry_or_poison(record, exc, clock)

    def _fail(
        self, record: JobRecord, exc: DepthqError, clock: StageClock, state: JobState
    ) -> None:
        log.info("%s: %s", exc.code, exc, extra={"action": "fail", "job_id": record.id})
        result = failure(record, exc, state, clock.timings())
        if not isinstance(exc, Poisoned):
            self.ending.end(record, result)
            return
        set_mark(self.objects, poisoned_mark(record.id))
        if self.ending.end(record, result):
            self.jobs.quarantine(record.id)

    def _retry_or_poison(self, record: JobRecord, exc: Exception, clock: StageClock) -> None:
        if record.attempt < self.max_attempts:
            self.give_back(record, counted=True)
            return
        reason = Poisoned(f"failed {record.attempt} times, last: {exc}")
        self._fail(record, reason, clock, JobState.FAILED)

    def give_back(self, record: JobRecord, *, counted: bool) -> None:
        """Return the job to the queue; `counted`: the service is at fault, the attempt counts."""
        claim = record.id, record.attempt
        if not self.jobs.release(*claim, counted=counted):
            self.ending.clear_up(record.id)
