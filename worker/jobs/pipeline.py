"""The order of the stages, known only here: fetch → compute → store (see worker.compute.computer).

What a failure becomes is known in worker/jobs/failures.py.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass

from contract.errors import DeadlineExceeded, Poisoned, StorageUnavailable
from contract.jobs import JobRecord, JobResult
from contract.names.object_keys import input_object
from storage.jobs.ledger import Claim
from worker.attempts.isolation import Isolation
from worker.attempts.leases import Leases
from worker.attempts.metrics import StageClock
from worker.attempts.patient import PatientJobs, PatientObjects
from worker.compute.computer import Begun, Computed, Computer
from worker.jobs.ending import Ending
from worker.jobs.failures import Failures
from worker.jobs.outcome import repeated, store_files, success
from worker.jobs.result_cache import ResultCache

log = logging.getLogger(__name__)

SUSPECT_AFTER_CRASHES = 2


@dataclass(frozen=True)
class Made:
    """A job whose files are made and not yet stored."""

    record: JobRecord
    clock: StageClock
    computed: Computed


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
    failures: Failures
    cache: ResultCache | None = None

    def run(self, job_id: str) -> None:
        """Run the job if it can be claimed; leaves a final record or gives it back.

        A message for a job that has ended, or that is held already, is a duplicate and does
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
        record, suspect = self.received(job_id, claim, suspects_too=suspects_too)
        if record is not None:
            self.run_claimed(record)
        return suspect

    def received(
        self, job_id: str, claim: Claim, *, suspects_too: bool = False
    ) -> tuple[JobRecord | None, bool]:
        """Return the record to be run, if any, and whether it is a suspect and was put back."""
        record = claim.record
        if claim.outcome != "taken" or record is None:
            log.debug("not taken: %s", claim.outcome, extra={"action": "claim", "job_id": job_id})
            return None, False
        if not self.computer.holds(record.request.options.model):
            # sent to the wrong queue: the reconciler sends it to its own
            log.error("model not held by this worker", extra={"action": "claim", "job_id": job_id})
            self.failures.give_back(record, counted=False)
            return None, False
        if claim.crashes >= SUSPECT_AFTER_CRASHES and not suspects_too:
            self.failures.give_back(record, counted=False)
            return None, True
        return record, False

    def run_claimed(self, record: JobRecord) -> None:
        """Run a job that was claimed, to its end."""
        with self.leases.hold(record.id, record.attempt):
            self._run_held(record)

    def _run_held(self, record: JobRecord) -> None:
        clock = self.clock(record)
        with self.failures.settled(record, clock):
            if (result := self._walk(record, clock)) is not None:
                self.succeeded(record, self.ending.end(record, result))

    def run_apart(self, record: JobRecord) -> None:
        """Run a job that was claimed together with others, on a thread of its own."""
        try:
            # held first, and once: a suspect may run before this one, and the lease be lost then
            with self.leases.hold(record.id, record.attempt), self.isolation.shared():
                self._run_held(record)
        except StorageUnavailable as exc:
            log.warning("gave up waiting: %s", exc, extra={"action": "run", "job_id": record.id})
        except Exception:  # the thread's pool would drop the exception
            log.exception(
                "left until its lease expires", extra={"action": "run", "job_id": record.id}
            )

    def clock(self, record: JobRecord) -> StageClock:
        """Return the clock of a job, with the time that it has waited."""
        clock = StageClock()
        clock.add("queued", max(0.0, time.time() - record.request.created_at) * 1e3)
        return clock

    def _check_limits(self, record: JobRecord) -> None:
        if record.attempt > self.max_attempts:
            raise Poisoned(
                f"the job brought its worker down {self.max_attempts} times and was set aside"
            )
        deadline_at = record.request.deadline_at
        if deadline_at is not None and time.time() > deadline_at:
            raise DeadlineExceeded("the deadline passed before the work began")

    def _walk(self, record: JobRecord, clock: StageClock) -> JobResult | None:
        """Return the result of a job whose files are stored; None: it is not ours any more."""
        self._check_limits(record)
        if (reused := self._reuse(record, clock)) is not None:
            return reused
        request = record.request
        data = self._fetch(record, clock)
        computed = self.computer.compute(data, request.options, clock, request.deadline_at)
        stored = self.store([Made(record, clock, computed)])
        return stored[0] if stored else None

    def begin(self, record: JobRecord, clock: StageClock, handed: bytes | None = None) -> Begun:
        """Fetch and decode a job's image and hand it to the engine, without waiting for that.

        It is fetched unless `handed` are its bytes.
        """
        self._check_limits(record)
        request = record.request
        data = self._fetch(record, clock, handed)
        return self.computer.begin(data, request.options, clock, request.deadline_at)

    def make(self, record: JobRecord, clock: StageClock, begun: Begun) -> Made:
        """Wait for the depth of what was begun, and render its files."""
        return Made(record, clock, self.computer.end(begun, clock))

    def _fetch(self, record: JobRecord, clock: StageClock, handed: bytes | None = None) -> bytes:
        with clock.stage("fetch"):
            if handed is not None and record.request.input.is_of(handed):
                return handed
            return self.objects.get(input_object(record.id))

    def store(self, jobs: Sequence[Made]) -> list[JobResult]:
        """Store the files of all together; return the results, without those of jobs we lost."""
        held = [each for each in jobs if self._held(each.record)]
        began = time.monotonic()
        outputs = store_files(
            self.objects, [(each.record.id, each.computed.files) for each in held]
        )
        took_ms = (time.monotonic() - began) * 1e3
        for each in held:
            each.clock.add("store", took_ms)
        return [
            success(each.record, each.computed, files, each.clock.timings())
            for each, files in zip(held, outputs, strict=True)
        ]

    def _held(self, record: JobRecord) -> bool:
        held = self.leases.still_holds(record.id)
        if not held:
            log.info("dropped, not ours any more", extra={"action": "store", "job_id": record.id})
        return held

    def succeeded(self, record: JobRecord, ended: bool) -> None:
        """Remember the result of a job that has `ended`, if results are reused."""
        if ended and self.cache is not None:
            self.cache.remember(record.request)

    def _reuse(self, record: JobRecord, clock: StageClock) -> JobResult | None:
        if self.cache is None:
            return None
        with clock.stage("store"):
            earlier = self.cache.reuse(record.request)
        return earlier and repeated(record, earlier, clock.timings())
