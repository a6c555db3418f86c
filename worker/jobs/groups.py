"""Runs several small jobs together: claimed, computed and ended as one, by one thread.

A thread for each job means that each waits for the others at the interpreter's lock, dozens of
times. The stages, their order and the ends of failures are the pipeline's. Large jobs are not
grouped: the others would wait for them.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from contract.errors import StorageUnavailable
from contract.jobs import JobRecord, JobResult
from worker.attempts.metrics import StageClock
from worker.compute.computer import Begun
from worker.jobs.pipeline import Made, Pipeline

log = logging.getLogger(__name__)

SMALL_PX = 1_500_000  # of the input, for outputs at its size; at the network's, LARGE_PX
LARGE_PX = 12_000_000
QUICK_OUTPUTS = frozenset({"depth", "heatmap", "gray"})


def is_small(record: JobRecord) -> bool:
    """Tell whether the job is quick enough for others to wait for it: some ten milliseconds."""
    options, image = record.request.options, record.request.input
    most = SMALL_PX if options.size == "original" else LARGE_PX
    return image.width * image.height <= most and QUICK_OUTPUTS.issuperset(options.outputs)


@dataclass
class _Member:
    """One job of a group."""

    record: JobRecord
    clock: StageClock
    input: bytes | None = None  # as it was handed over
    begun: Begun | None = None
    made: Made | None = None
    result: JobResult | None = None

    @property
    def id(self) -> str:
        """The job's id."""
        return self.record.id


_Step = Callable[[list[_Member]], list[_Member]]


class Group:
    """Jobs that go together. `begin()` returns when the engine has them; `end()` does the rest."""

    def __init__(self, pipeline: Pipeline, job_ids: Sequence[str]) -> None:
        self._pipeline = pipeline
        self._job_ids = job_ids
        self._held = ExitStack()
        self._members: list[_Member] = []
        self._suspects: list[str] = []

    def begin(self, apart: Callable[[JobRecord], object]) -> None:
        """Claim all, hand the large ones to `apart`, the others' images to the engine.

        Raises StorageUnavailable if none could be claimed.
        """
        try:
            self._held.enter_context(self._pipeline.isolation.shared())
            self._claim(apart)
            for member in self._members:
                with self._settled(member):
                    member.begun = self._pipeline.begin(member.record, member.clock, member.input)
        except BaseException:
            self._held.close()  # leases without an end would be renewed for ever
            raise

    def _claim(self, apart: Callable[[JobRecord], object]) -> None:
        pipeline = self._pipeline
        claims = pipeline.jobs.claim_all(self._job_ids, pipeline.worker, pipeline.lease_s)
        for job_id, claim in zip(self._job_ids, claims, strict=True):
            with _errors_logged(job_id):
                record, suspect = pipeline.received(job_id, claim)
                if suspect:
                    self._suspects.append(job_id)
                elif record is not None and (pipeline.cache is not None or not is_small(record)):
                    apart(record)
                elif record is not None:
                    self._take(record, claim.input)

    def models(self) -> set[str]:
        """Return the names of the models that compute it."""
        return {member.record.request.options.model for member in self._members if member.begun}

    def end(self) -> None:
        """Wait for the engine, then store and end all together; then run the suspects alone."""
        with self._held:
            members = [member for member in self._members if self._made(member)]
            for step in (self._store, self._write, self._finish):
                members = self._together(step, members)
        for job_id in self._suspects:
            self._pipeline.run(job_id)

    def _take(self, record: JobRecord, handed: bytes | None) -> None:
        pipeline = self._pipeline
        self._held.enter_context(pipeline.leases.hold(record.id, record.attempt))
        self._held.enter_context(pipeline.computer.working(record.request.options.model))
        self._members.append(_Member(record, pipeline.clock(record), handed))

    def _made(self, member: _Member) -> bool:
        """Render a job's files; False: it has none, and its failure is settled."""
        if member.begun is not None:
            with self._settled(member):
                member.made = self._pipeline.make(member.record, member.clock, member.begun)
        return member.made is not None

    def _together(self, step: _Step, members: list[_Member]) -> list[_Member]:
        """Take a step with all `members`; return those that go on.

        A store that is away is so for all. After a fault of ours each takes the step alone, so that
        it is one job's.
        """
        try:
            return step(members) if members else []
        except StorageUnavailable as exc:
            for member in members:
                with self._settled(member):
                    raise exc
            return []
        except Exception:
            log.exception("step failed, each job repeats it alone", extra={"action": "run"})
            return [each for member in members for each in self._alone(step, member)]

    def _alone(self, step: _Step, member: _Member) -> list[_Member]:
        with self._settled(member):
            return step([member])
        return []

    def _store(self, members: list[_Member]) -> list[_Member]:
        results = self._pipeline.store([member.made for member in members if member.made])
        of = {result.id: result for result in results}
        for member in members:
            member.result = of.get(member.id)
        return [member for member in members if member.result]

    def _write(self, members: list[_Member]) -> list[_Member]:
        endings = [(member.record, member.result) for member in members if member.result]
        written = {result.id for result in self._pipeline.ending.write(endings)}
        return [member for member in members if member.id in written]

    def _finish(self, members: list[_Member]) -> list[_Member]:
        pipeline = self._pipeline
        results = [member.result for member in members if member.result]
        held = pipeline.jobs.finish_all(results)
        for member, result, still in zip(members, results, held, strict=True):
            with self._settled(member):
                pipeline.succeeded(member.record, pipeline.ending.ended(result, still))
        return members

    def _settled(self, member: _Member) -> ExitStack:
        """Return a context in which a failure ends this job and no other."""
        both = ExitStack()
        both.enter_context(_errors_logged(member.record.id))
        both.enter_context(self._pipeline.failures.settled(member.record, member.clock))
        return both


@contextmanager
def _errors_logged(job_id: str) -> Iterator[None]:
    try:
        yield
    except StorageUnavailable as exc:
        # the lease runs out and the reconciler sends the job again
        log.warning("gave up waiting: %s", exc, extra={"action": "run", "job_id": job_id})
    except MemoryError:
        raise
    except Exception:  # even its failure could not be settled; the other jobs go on
        log.exception("left until its lease expires", extra={"action": "run", "job_id": job_id})
