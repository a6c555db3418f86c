"""Enqueue: sends the id of a job or of a dataset's step to the broker.

Publishes only; runs nothing, imports no worker.
"""

from __future__ import annotations

from typing import Protocol

from celery import Celery
from celery.exceptions import OperationalError

from contract.errors import StorageUnavailable
from contract.names.queues import APP_NAME, TASK_RUN_JOB, Lane, queue_of
from contract.settings import Settings
from storage.broker.settings import broker_settings, check_broker


class Dispatch(Protocol):
    """Sends messages to the workers."""

    def enqueue(self, job_id: str, lane: Lane, model: str) -> None:
        """Publish the id. Raises StorageUnavailable; the message may have gone out all the same."""

    def send_step(self, task: str, message_id: str, model: str) -> None:
        """Publish a step of a dataset, in the bulk lane. Raises StorageUnavailable likewise."""

    def check(self) -> None:
        """Raise StorageUnavailable if the broker cannot be reached now."""


class CeleryDispatch:
    """Publishes to the Celery queue of lane and model; connections are pooled and reused.

    A frozen broker must not freeze the API: sockets time out, and there is no second try. The
    caller may continue without the message, because the reconciler enqueues waiting jobs.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._app = Celery(APP_NAME, set_as_current=False)
        self._app.conf.update(
            task_serializer="json",
            accept_content=["json"],
            task_ignore_result=True,
            task_publish_retry=False,  # a second wait for a frozen Redis would exceed ten seconds
            **broker_settings(settings, socket_timeout_s=3),
            broker_pool_limit=settings.api_threads,
            broker_connection_timeout=2,
        )

    def enqueue(self, job_id: str, lane: Lane, model: str) -> None:
        """Publish the id, which is also the message's id. Raises StorageUnavailable."""
        self._send(TASK_RUN_JOB, job_id, lane, model)

    def send_step(self, task: str, message_id: str, model: str) -> None:
        """Publish a dataset's step. Raises StorageUnavailable."""
        self._send(task, message_id, Lane.BULK, model)

    def _send(self, task: str, message_id: str, lane: Lane, model: str) -> None:
        try:
            self._app.send_task(
                task,
                args=[message_id],
                task_id=message_id,
                queue=queue_of(task, lane, model),
                ignore_result=True,
                # Declaring the queue and describing the arguments takes a third of a message's CPU
                # time. Workers declare their queues, and the description is only for a log line.
                declare=[],  # workers declare their queues,
                argsrepr=message_id,  # and this is what a log line would show
                kwargsrepr="",
            )
        except OperationalError as exc:
            raise StorageUnavailable("The broker does not answer.") from exc

    def check(self) -> None:
        """Reach the broker as a worker does: its transport, its TLS. Raises StorageUnavailable."""
        check_broker(self._settings)

    def close(self) -> None:
        """Close the pooled connections."""
        self._app.close()
