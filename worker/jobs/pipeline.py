"""The order of the stages, known only here: fetch → compute → store (see worker.compute.computer).

Here also end the three classes of failure, and nowhere else: the input's (final at once), the
infrastructure's (given back, never counted) and ours (a bounded number of attempts).
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable
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
from contract.jobs import JobRecord, JobResult
from contract.names.object_keys import input_object, poisoned_mark
from contract.states import JobState
from storage.objects.marks import set_mark
from worker.attempts.isolation import Isolation
from worker.attempts.leases import Leases
from worker.attempts.metrics import StageClock
from worker.attempts.patient import PatientJobs, PatientObjects
from worker.attempts.watchdog import EXIT_CODE
from worker.compute.computer import Computer
from worker.jobs.ending import Ending
from worker.jobs.outcome import failure, repeated, store_files, success
from worker.jobs.result_cache import ResultCache

log = logging.getLogger(__name__)

SUSPECT_AFTER_CRASHES = 2


@dataclass(frozen=True)
class Pipeline:
    """Carries single jobs from a claimed record to a final one. One instance, many threads."""

    objects: PatientObjects
    jobs: PatientJobs
    ending: Ending
    computer: Computer
    leases: Leases
    isolation: Isolation
    worker: str
    lease_s: float
    max_attempts: int
    end_process: Callable[[int], object] = os._exit
    cache: ResultCache | None = None

    def run(self, job_id: str) -> None:
        """Run the job if it is there to be taken; leaves a final record or gives it back.

        A message for a job that has ended, or that somebody else holds, is a duplicate and does
        nothing. A job whose worker died under it twice runs alone: see
        worker/attempts/isolation.py.
        """
        try:
            with self.isolation.shared():
                suspect = self._claim_and_run(job_id, suspects_too=False)
            if suspect:
                with self.isolation.exclusive():
                    self._claim_and_run(job_id, suspects_too=True)
        except StorageUnavailable as exc:
            # the lease runs out and the reconciler sends the job again
            log.warning("gave up waiting: %s", exc, extra={"action": "run", "job_id": job_id})

    def _claim_and_run(self, job_id: str, *, suspects_too: bool) -> bool:
        """Claim and run the job; returns True when it is a suspect and was put back."""
        claim = self.jobs.claim(job_id, self.worker, self.lease_s)
        if claim.outcome != "taken" or claim.record is None:
            log.debug("not taken: %s", claim.outcome, extra={"action": "claim", "job_id": job_id})
            return False
        if not self.computer.holds(claim.record.request.options.model):
            # sent to the wrong queue: the reconciler sends it to its own
            log.error("not our model", extra={"action": "claim", "job_id": job_id})
            self._give_back(claim.record, counted=False)
            return False
        if claim.crashes >= SUSPECT_AFTER_CRASHES and not suspects_too:
            self._give_back(claim.record, counted=False)
            return True
        self._run_claimed(claim.record)
        return False

    def _run_claimed(self, record: JobRecord) -> None:
        clock = StageClock()
        clock.add("queued", max(0.0, time.time() - record.request.created_at) * 1e3)
        with self.leases.hold(record.id, record.attempt):
            try:
                self._refuse_the_hopeless(record)
                self._walk(record, clock)
            except (InputError, NotFound, NotInstalled, Poisoned) as exc:
                self._fail(record, exc, clock, JobState.FAILED)
            except DeadlineExceeded as exc:
                self._fail(record, exc, clock, JobState.EXPIRED)
            except StorageUnavailable as exc:
                log.warning("given back: %s", exc, extra={"action": "run", "job_id": record.id})
                self._give_back(record, counted=False)
            except DecoderCrashed as exc:
                self._retry_or_poison(record, exc, clock)
            except MemoryError:
                # no job can be done in this process any more, and that is no job's fault
                log.critical("out of memory", extra={"action": "run", "job_id": record.id})
                self.end_process(EXIT_CODE)
            except Exception as exc:
                log.exception("attempt failed", extra={"action": "run", "job_id": record.id})
                self._retry_or_poison(record, exc, clock)

    def _refuse_the_hopeless(self, record: JobRecord) -> None:
        if record.attempt > self.max_attempts:
            raise Poisoned(
                f"the job brought its worker down {self.max_attempts} times and was set aside"
            )
        deadline_at = record.request.deadline_at
        if deadline_at is not None and time.time() > deadline_at:
            raise DeadlineExceeded("the deadline passed before the work began")

    def _walk(self, record: JobRecord, clock: StageClock) -> None:
        request = record.request
        if (reused := self._reuse(record, clock)) is not None:
            self._succeed(record, reused)
            return
        with clock.stage("fetch"):
            data = self.objects.get(input_object(record.id))
        computed = self.computer.compute(data, request.options, clock, request.deadline_at)
        del data  # the files may be large; do not hold both
        if not self.leases.still_holds(record.id):
            log.info("dropped, not ours any more", extra={"action": "store", "job_id": record.id})
            return
        with clock.stage("store"):
            outputs = store_files(self.objects, record.id, computed.files)
        self._succeed(record, success(record, computed, outputs, clock.timings()))

    def _succeed(self, record: JobRecord, result: JobResult) -> None:
        if self.ending.end(record, result) and self.cache is not None:
            self.cache.remember(record.request)

    def _reuse(self, record: JobRecord, clock: StageClock) -> JobResult | None:
        if self.cache is None:
            return None
        with clock.stage("store"):
            earlier = self.cache.reuse(record.request)
        return earlier and repeated(record, earlier, clock.timings())

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
            self._give_back(record, counted=True)
            return
        reason = Poisoned(f"failed {record.attempt} times, last: {exc}")
        self._fail(record, reason, clock, JobState.FAILED)

    def _give_back(self, record: JobRecord, *, counted: bool) -> None:
        claim = record.id, record.attempt
        if not self.jobs.release(*claim, counted=counted):
            self.ending.clear_up(record.id)
