"""Restores from the marks of ended jobs: idempotency keys, due webhooks, the quarantine."""

from __future__ import annotations

import contextlib
import time
from types import TracebackType
from typing import Self

from contract.errors import Poisoned
from contract.names.object_keys import POISONED_MARK, WEBHOOK_MARK, read_idempotency_mark
from storage.callers.idempotency import IDEMPOTENCY_TTL_S, Binding
from storage.jobs.ledger import AlreadyOver
from storage.jobs.recovery import JobFolder, rebuild
from storage.jobs.store import JobStore
from storage.ledger.webhooks import WebhookQueue
from storage.objects.protocol import ObjectStore

AT_ONCE = 500  # idempotency keys per round trip


class MarkReader:
    """Reads the marks of one job after the other. Raises StorageUnavailable.

    Costs nothing for jobs without marks, names only for idempotency keys, and two small reads for a
    due webhook or a job in quarantine. Entries that exist in Redis stay as they are.
    """

    def __init__(self, objects: ObjectStore, jobs: JobStore, webhooks: WebhookQueue) -> None:
        self._objects, self._jobs, self._webhooks = objects, jobs, webhooks
        self._bindings = list[Binding]()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is None:
            self._remember_keys()

    def read(self, folder: JobFolder) -> None:
        """Restore what the marks in `folder` record."""
        if not folder.accepted:  # being deleted
            return
        for name, made_at in folder.names.items():
            self.bind(folder.job_id, name, made_at)
        if folder.ended and WEBHOOK_MARK in folder.names:
            self._schedule_call(folder.job_id)
        if folder.ended and POISONED_MARK in folder.names:
            self._set_aside(folder.job_id, folder.names[POISONED_MARK])

    def bind(self, item_id: str, name: str, made_at: float) -> None:
        """Bind the key that the mark `name` stands for to a job or dataset, if it is one."""
        mark = read_idempotency_mark(name)
        if mark is None or made_at + IDEMPOTENCY_TTL_S <= time.time():
            return
        digest, fingerprint = mark
        self._bindings.append((digest, item_id, fingerprint, made_at))
        if len(self._bindings) >= AT_ONCE:
            self._remember_keys()

    def _remember_keys(self) -> None:
        bindings, self._bindings = self._bindings, []
        if bindings:
            self._jobs.remember_again(bindings, time.time())

    def _schedule_call(self, job_id: str) -> None:
        record = rebuild(self._objects, job_id)
        if record is not None and record.state.terminal and record.request.expires_at > time.time():
            with contextlib.suppress(AlreadyOver):
                self._jobs.create(record)  # it is the content of the webhook
                self._webhooks.schedule_again(job_id, time.time())

    def _set_aside(self, job_id: str, since: float) -> None:
        record = rebuild(self._objects, job_id)
        error = record.result.error if record and record.result else None
        if error is not None and error.code == Poisoned.code:  # another attempt may have ended it
            self._jobs.quarantine_again(job_id, since)
