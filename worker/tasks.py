"""The Celery tasks by name; each passes one id to the code that does the work."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from celery import Celery

from contract.names.queues import TASK_RUN_JOB


def register_tasks(
    app: Celery, run_job: Callable[[str], None], others: Mapping[str, Callable[[str], None]]
) -> None:
    """Register the tasks on `app`, `others` by their names.

    They return nothing: the ledger holds every result.
    """
    app.task(run_job, name=TASK_RUN_JOB)
    for name, run in others.items():
        app.task(run, name=name)
