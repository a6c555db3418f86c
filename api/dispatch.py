"""Enqueue: sends the id of a job or of a dataset's step to the broker.

Publishes only; runs nothing, imports no worker.
"""

from __future__ import annotations

from typing import Any, Protocol

from celery import Celery

from contract.ids import kind_of
from contract.names.queues import APP_NAME, TASK_RUN_JOB, Lane, queue_of
from contract.settings import Settings
from storage.broker.outbox import PLACE, Envelope, Outbox
from storage.broker.settings import check_broker
from storage.jobs.letter import Letter


class Dispatch(Protocol):
    """Sends messages to the workers."""

    def letter(self, job_id: str, lane: Lane, model: str) -> Letter:
        """Return the message for the ledger to send with the record.

        NO_LETTER: it is to be enqueued after it, in a step of its own.
        """

    def enqueue(self, job_id: str, lane: Lane, model: str) -> None:
        """Publish the id. Raises StorageUnavailable; the message may have gone out all the same."""

    def send_step(self, task: str, message_id: str, model: str) -> None:
        """Publish a step of a dataset, in the bulk lane. Raises StorageUnavailable likewise."""

    def check(self) -> None:
        """Raise StorageUnavailable if the broker cannot be reached now."""


class CeleryDispatch:
    """Publishes to the Celery queue of lane and model, without Celery's cost per message.

    The caller may continue without the message, because the reconciler enqueues waiting jobs.
    """

    def __init__(self, settings: Settings, outbox: Outbox) -> None:
        self._settings = settings
        self._outbox = outbox
        self._app = Celery(APP_NAME, set_as_current=False)
        self._app.conf.update(task_serializer="json", accept_content=["json"])
        self._envelopes: dict[tuple[str, str], Envelope] = {}

    def letter(self, job_id: str, lane: Lane, model: str) -> Letter:
        """Return what `enqueue` would publish, and where."""
        return self._letter(TASK_RUN_JOB, job_id, lane, model)

    def enqueue(self, job_id: str, lane: Lane, model: str) -> None:
        """Publish the id, which is also the message's id. Raises StorageUnavailable."""
        self._send(TASK_RUN_JOB, job_id, lane, model)

    def send_step(self, task: str, message_id: str, model: str) -> None:
        """Publish a dataset's step. Raises StorageUnavailable."""
        self._send(task, message_id, Lane.BULK, model)

    def _send(self, task: str, message_id: str, lane: Lane, model: str) -> None:
        self._outbox.put(*self._letter(task, message_id, lane, model))

    def _letter(self, task: str, message_id: str, lane: Lane, model: str) -> Letter:
        queue = queue_of(task, lane, model, kind_of(message_id))
        envelope = self._envelopes.get((task, queue))
        if envelope is None:
            envelope = self._envelopes[task, queue] = Envelope(self._described(task, queue))
        return Letter(queue, envelope.filled(message_id))

    def _described(self, task: str, queue: str) -> Any:
        """Return a message as Celery makes it, by having Celery send one to a broker in memory."""
        with self._app.connection("memory://", transport="memory") as connection:
            self._app.send_task(
                task,
                args=[PLACE],
                task_id=PLACE,
                queue=queue,
                connection=connection,
                ignore_result=True,
                argsrepr=PLACE,  # what a log line would show
                kwargsrepr="",
            )
            return connection.default_channel._get(queue)

    def check(self) -> None:
        """Reach the broker as a worker does: its transport, its TLS. Raises StorageUnavailable."""
        check_broker(self._settings)
