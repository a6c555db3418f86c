"""The changes of a job record, each one atomic: one Lua script, one round trip."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Literal, cast

from redis import Redis

from contract.errors import StorageUnavailable
from contract.ids import new_tag
from contract.jobs import JobRecord, JobResult
from contract.names.queues import of_model
from contract.names.redis_keys import job_key
from contract.states import JobState
from storage.jobs.fields import from_fields, from_pairs, to_fields
from storage.jobs.handover import KEPT_S, Places
from storage.jobs.letter import NO_LETTER, Letter
from storage.jobs.scripts import LedgerScripts
from storage.ledger.connection import redis_errors

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Claim:
    """The result of a claim. `crashes` counts attempts that ended by an expired lease.

    `input`: the bytes that were handed over, unchecked; None: they are to be fetched.
    """

    outcome: Literal["taken", "leased", "ended", "unknown", "unreadable"]
    record: JobRecord | None
    crashes: int
    input: bytes | None = None


class AlreadyOver(StorageUnavailable):
    """The job has expired by the clock of Redis, but not by this process's clock."""


class JobLedger:
    """Creates, claims, renews, finishes. Every method raises StorageUnavailable.

    A call whose reply was lost may be sent again by the client library: scripts that would then
    act twice get a nonce and answer the second time as they did the first.
    """

    def __init__(self, redis: Redis, handover_bytes: int = 0) -> None:
        """`handover_bytes`: memory of Redis for inputs on their way to a worker."""
        self._redis = redis
        self._scripts = LedgerScripts(redis)
        self._places = Places(handover_bytes)

    def create(self, record: JobRecord, input_: bytes = b"", letter: Letter = NO_LETTER) -> bool:
        """Write a new record and list it by its state; False: it exists already, untouched.

        The record disappears at `request.expires_at`. Raises AlreadyOver if that is past. `input_`
        is handed to the worker that claims the job, if there is room; the store has it for certain.
        `letter`: goes to its queue in the same step; none if the record exists already.
        """
        request = record.request
        times = (repr(request.created_at), repr(request.expires_at))
        lane = of_model(request.lane.value, request.options.model)
        place = self._places.of(record.id, len(input_)) if input_ else ""
        handed = (place, input_ if place else b"", KEPT_S)
        about = (new_tag(), lane, *times, *handed, *letter)
        answer = self._scripts.run("create", [record.id], *about, *to_fields(record))
        if answer < 0:
            raise AlreadyOver("The clocks of this machine and of Redis are far apart.")
        return bool(answer)

    def get(self, job_id: str) -> JobRecord | None:
        """Return the record; None: there is none."""
        with redis_errors():
            fields = cast("dict[str, str]", self._redis.hgetall(job_key(job_id)))
        return from_fields(fields) if fields else None

    def claim(self, job_id: str, worker: str, lease_s: float) -> Claim:
        """Take a queued job, or a running one whose lease has expired, for `lease_s` seconds."""
        return self.claim_all([job_id], worker, lease_s)[0]

    def claim_all(self, job_ids: Sequence[str], worker: str, lease_s: float) -> list[Claim]:
        """Claim each of `job_ids`, in one round trip."""
        of = self._places.of
        calls = [(job_id, (new_tag(), worker, lease_s, of(job_id))) for job_id in job_ids]
        answers = self._scripts.run_each("claim", calls, raw=True)
        return [self._read(*each) for each in zip(job_ids, answers, strict=True)]

    def _read(self, job_id: str, answer: Sequence[Any]) -> Claim:
        """Return a claim. A record that cannot be read, such as one of a later version, is given
        back for other workers.
        """
        outcome, crashes, pairs, *input_ = answer
        texts = [part.decode(errors="replace") for part in pairs]
        try:
            record = from_pairs(texts) if texts else None
        except (ValueError, LookupError):
            log.exception("record cannot be read", extra={"action": "claim", "job_id": job_id})
            with suppress(StorageUnavailable, ValueError):  # else its lease runs out
                self.release(job_id, int(texts[texts.index("attempt") + 1]), counted=False)
            return Claim("unreadable", None, int(crashes))
        handed = input_[0] if input_ else None
        return Claim(cast("Any", outcome.decode()), record, int(crashes), handed or None)

    def renew(self, claims: Sequence[tuple[str, int]], lease_s: float) -> set[str]:
        """Extend the leases of (id, attempt); return the ids whose lease was lost.

        Lost: another worker holds the job, it was canceled, or it is deleted.
        """
        if not claims:
            return set()
        attempts = [attempt for _, attempt in claims]
        ids = [job_id for job_id, _ in claims]
        return set(self._scripts.run("renew", ids, lease_s, *attempts))

    def finish(self, result: JobResult) -> bool:
        """End the job with `result`; False: `result.attempt` does not hold it (any more)."""
        return self.finish_all([result])[0]

    def finish_all(self, results: Sequence[JobResult]) -> list[bool]:
        """Finish each of `results`, in one round trip."""
        calls = [(r.id, (r.attempt, r.state.value, r.model_dump_json())) for r in results]
        return [bool(answer) for answer in self._scripts.run_each("finish", calls)]

    def release(self, job_id: str, attempt: int, *, counted: bool) -> bool:
        """Release a held job to the queue; False: `attempt` does not hold it.

        `counted=False` takes the attempt back too: the infrastructure was at fault.
        """
        return bool(self._scripts.run("release", [job_id], attempt, int(counted), new_tag()))

    def cancel(self, job_id: str) -> JobState | None:
        """Cancel a job that has not ended; return the state it then has; None: unknown."""
        state = self._scripts.run("cancel", [job_id])
        return None if state is None else JobState(state)

    def expire(self, job_id: str) -> bool:
        """End a queued job whose deadline passed; False: it is not queued."""
        return bool(self._scripts.run("expire", [job_id]))

    def delete(self, job_id: str) -> None:
        """Remove the record and every trace of it in the indices."""
        self._scripts.run("delete", [job_id])
