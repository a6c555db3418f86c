"""The order of the stages, known only here: fetch → decode → prepare → infer → render → store.

Here also end the three classes of failure, and nowhere else: the input's (final at once), the
infrastructure's (given back, never counted) and ours (a bounded number of attempts).
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable
from concurrent.futures import TimeoutError as FutureTimeout
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

from contract.errors import (
    DeadlineExceeded,
    DecoderCrashed,
    DepthqError,
    InputError,
    InternalError,
    NotFound,
    NotInstalled,
    Poisoned,
    StorageUnavailable,
)
from contract.jobs import JobRecord, JobResult, ModelInfo
from contract.names.object_keys import input_object, poisoned_mark
from contract.options import JobOptions
from contract.states import JobState
from storage.jobs.store import JobStore
from storage.objects.marks import set_mark
from storage.objects.protocol import ObjectStore
from worker.attempts.isolation import Isolation
from worker.attempts.leases import Leases
from worker.attempts.metrics import StageClock
from worker.attempts.patience import Patience
from worker.attempts.watchdog import EXIT_CODE
from worker.compute.batcher import Batcher, Inferred
from worker.imaging.decoder import Decoder
from worker.imaging.prepared import Prepared
from worker.jobs.ending import Ending
from worker.jobs.outcome import Computed, failure, repeated, store_files, success
from worker.jobs.result_cache import ResultCache
from worker.machine import cores_given
from worker.outputs.render import render
from worker.outputs.view import View

log = logging.getLogger(__name__)

SUSPECT_AFTER_CRASHES = 2
LARGE_PX = 4_000_000
INFER_TIMEOUT_S = 100.0  # threads have no time limit of their own; below the visibility timeout


class Computer:
    """decode → prepare → infer → render: from an image's bytes to its files, without storage."""

    def __init__(self, decoder: Decoder, batcher: Batcher, model: ModelInfo) -> None:
        self._decoder = decoder
        self._batcher = batcher
        self._model = model
        self._large = threading.BoundedSemaphore(cores_given())

    def compute(
        self,
        data: bytes,
        options: JobOptions,
        clock: StageClock,
        deadline_at: float | None = None,
        shared_range: tuple[float, float] | None = None,
    ) -> Computed:
        """Return the files that `options` ask of the image in `data`; `shared_range`: see render.

        Raises InputError (the image's fault), DecoderCrashed, DeadlineExceeded, InternalError.
        """
        prepared = self._decoder.decode(data)
        clock.add("decode", prepared.decode_ms)
        clock.add("prepare", prepared.prepare_ms)
        inferred = self._infer(prepared, deadline_at)
        clock.add("wait", inferred.wait_ms)
        clock.add("infer", inferred.infer_ms)
        clock.batched(inferred.batch_size)
        height, width = inferred.depth.shape
        model = self._model.model_copy(update={"net_size": (height, width)})
        with clock.stage("render"), self._room(prepared, options):
            rendered = render(
                View(
                    depth=inferred.depth,
                    options=options,
                    width=prepared.width,
                    height=prepared.height,
                    model=model,
                    shared_range=shared_range,
                )
            )
        return Computed(prepared, model, rendered.depth, rendered.files)

    def _room(self, prepared: Prepared, options: JobOptions) -> AbstractContextManager[object]:
        """Return what lets only so many large pictures be rendered at once as there are cores.

        More would be no faster and hold 100 MB each. Small ones would wait here rather than be
        gathered into full batches.
        """
        large = options.size == "original" and prepared.width * prepared.height > LARGE_PX
        return self._large if large else nullcontext()

    def _infer(self, prepared: Prepared, deadline_at: float | None) -> Inferred:
        future = self._batcher.submit(prepared.tensor, deadline_at)
        try:
            return future.result(timeout=INFER_TIMEOUT_S)
        except FutureTimeout:
            future.cancel()
            raise InternalError(f"no inference within {INFER_TIMEOUT_S:.0f} s") from None


@dataclass(frozen=True)
class Pipeline:
    """Carries single jobs from a claimed record to a final one. One instance, many threads."""

    objects: ObjectStore
    jobs: JobStore
    ending: Ending
    computer: Computer
    leases: Leases
    patience: Patience
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
        claim = self.patience(lambda: self.jobs.claim(job_id, self.worker, self.lease_s))
        if claim.outcome != "taken" or claim.record is None:
            log.debug("not taken: %s", claim.outcome, extra={"action": "claim", "job_id": job_id})
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
            data = self.patience(lambda: self.objects.get(input_object(record.id)))
        computed = self.computer.compute(data, request.options, clock, request.deadline_at)
        del data  # the files may be large; do not hold both
        if not self.leases.still_holds(record.id):
            log.info("dropped, not ours any more", extra={"action": "store", "job_id": record.id})
            return
        with clock.stage("store"):
            outputs = self.patience(lambda: store_files(self.objects, record.id, computed.files))
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
        self.patience(lambda: set_mark(self.objects, poisoned_mark(record.id)))
        if self.ending.end(record, result):
            self.patience(lambda: self.jobs.quarantine(record.id))

    def _retry_or_poison(self, record: JobRecord, exc: Exception, clock: StageClock) -> None:
        if record.attempt < self.max_attempts:
            self._give_back(record, counted=True)
            return
        reason = Poisoned(f"failed {record.attempt} times, last: {exc}")
        self._fail(record, reason, clock, JobState.FAILED)

    def _give_back(self, record: JobRecord, *, counted: bool) -> None:
        claim = record.id, record.attempt
        if not self.patience(lambda: self.jobs.release(*claim, counted=counted)):
            self.ending.clear_up(record.id)
