"""Stores whose calls wait, in place, until the infrastructure is back: wrapped once, at the root.

Code that holds one of them needs no retries of its own. A call that must fail at once is made on
the store itself: renewals of leases and periodic chores (their next turn retries), dispatch, the
result cache (a failure is a miss), sources of datasets (they have retries of their own).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import BinaryIO, ParamSpec, TypeVar

from contract.errors import StorageUnavailable
from storage.jobs.store import JobStore
from storage.ledger.webhooks import WebhookQueue
from storage.objects.protocol import NewObject, ObjectInfo, ObjectStore
from storage.runs.store import RunStore
from worker.attempts.patience import Waits

P = ParamSpec("P")
T = TypeVar("T")


def retried(waits: Waits, call: Callable[P, T]) -> Callable[P, T]:
    """Return `call` with retries, under its own signature."""

    def patient(*args: P.args, **options: P.kwargs) -> T:
        return waits(lambda: call(*args, **options))

    return patient


class PatientObjects:
    """An ObjectStore that waits. A listing continues after the last key that it yielded.

    `open` and `presign` do not wait: what fails later, while a stream is read, is not seen here.
    """

    def __init__(self, store: ObjectStore, waits: Waits) -> None:
        self._store = store
        self._waits = waits

    def put(
        self,
        key: str,
        data: bytes | BinaryIO,
        *,
        media_type: str,
        metadata: Mapping[str, str] | None = None,
    ) -> None:
        """See ObjectStore."""
        self._waits(lambda: self._store.put(key, data, media_type=media_type, metadata=metadata))

    def put_all(self, objects: Sequence[NewObject]) -> None:
        """See ObjectStore."""
        self._waits(lambda: self._store.put_all(objects))

    def get(self, key: str) -> bytes:
        """See ObjectStore."""
        return self._waits(lambda: self._store.get(key))

    def read(self, key: str, most: int) -> bytes:
        """See ObjectStore."""
        return self._waits(lambda: self._store.read(key, most))

    def open(self, key: str) -> BinaryIO:
        """See ObjectStore."""
        return self._store.open(key)

    def head(self, key: str) -> ObjectInfo:
        """See ObjectStore."""
        return self._waits(lambda: self._store.head(key))

    def list(self, prefix: str, *, start_after: str = "") -> Iterator[ObjectInfo]:
        """See ObjectStore."""
        listing, last = self._store.list(prefix, start_after=start_after), start_after

        def following() -> ObjectInfo | None:
            nonlocal listing
            try:
                return next(listing, None)
            except StorageUnavailable:
                listing = self._store.list(prefix, start_after=last)
                raise

        while (info := self._waits(following)) is not None:
            last = info.key
            yield info

    def delete(self, keys: Iterable[str]) -> None:
        """See ObjectStore."""
        every = [*keys]  # an iterator would be used up by the first try
        self._waits(lambda: self._store.delete(every))

    def presign(self, key: str, *, expires_s: int, filename: str) -> str | None:
        """See ObjectStore."""
        return self._store.presign(key, expires_s=expires_s, filename=filename)

    def check(self) -> None:
        """See ObjectStore."""
        self._waits(self._store.check)


class PatientJobs:
    """What a worker does with the job that it holds. Everything here waits."""

    def __init__(self, jobs: JobStore, waits: Waits) -> None:
        self.claim = retried(waits, jobs.claim)
        self.get = retried(waits, jobs.get)
        self.renew = retried(waits, jobs.renew)
        self.finish = retried(waits, jobs.finish)
        self.claim_all = retried(waits, jobs.claim_all)
        self.finish_all = retried(waits, jobs.finish_all)
        self.release = retried(waits, jobs.release)
        self.quarantine = retried(waits, jobs.quarantine)


class PatientLedger:
    """What a worker does with the step of a run that it holds. Everything here waits."""

    def __init__(self, ledger: RunStore, waits: Waits) -> None:
        self.claim = retried(waits, ledger.claim)
        self.get = retried(waits, ledger.get)
        self.mark = retried(waits, ledger.mark)
        self.release = retried(waits, ledger.release)
        self.plan_progress = retried(waits, ledger.plan_progress)
        self.planned = retried(waits, ledger.planned)
        self.shard_done = retried(waits, ledger.shard_done)
        self.finalized = retried(waits, ledger.finalized)
        self.refuse = retried(waits, ledger.refuse)


class PatientWebhooks:
    """Schedules calls, and waits for Redis."""

    def __init__(self, webhooks: WebhookQueue, waits: Waits) -> None:
        self.schedule = retried(waits, webhooks.schedule)
