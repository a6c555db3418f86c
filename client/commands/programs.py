"""`depthq api`, `depthq worker`, `depthq reconcile`: become one of the service's programs."""

from __future__ import annotations

import os
import sys
from typing import Annotated, NoReturn

import typer

from client.local import local_redis
from client.local.processes import api_command, python_command, worker_command
from contract.names.queues import Lane
from contract.settings import Settings, environment


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(api)
    app.command()(worker)
    app.command()(reconcile)


def become(command: list[str]) -> NoReturn:
    """Replace this process, so that signals and exit codes are the program's own."""
    sys.stdout.flush()
    sys.stderr.flush()
    os.execve(command[0], command, _variables())  # noqa: S606 - a list of our own, no shell


def _variables() -> dict[str, str]:
    """Return the environment, with the stack of a running `depthq up` in this folder, if any."""
    settings = Settings()
    if "redis_url" not in settings.model_fields_set:
        url = local_redis.running_url(settings.data_dir)
        if url:
            return environment(redis_url=url)
    return environment()


def api() -> None:
    """Run the HTTP front alone (settings: DEPTHQ_HOST, DEPTHQ_PORT, DEPTHQ_REDIS_URL, …)."""
    become(api_command())


def worker(
    lane: Annotated[Lane, typer.Option(help="which jobs to work on")] = Lane.INTERACTIVE,
) -> None:
    """Run one worker alone; SIGTERM lets it finish what it holds.

    Beside a running `depthq up`, in the same folder, it joins in.

    Examples:

        depthq worker --lane bulk

        DEPTHQ_REDIS_URL=redis://10.0.0.5:6379/0 depthq worker --lane bulk
    """
    become(worker_command(lane))


def reconcile() -> None:
    """Put every accepted job without a result back into the queue, once.

    Safe at any time, also while workers run; after Redis was lost it rebuilds the jobs from
    storage. The workers do this every few seconds by themselves.
    """
    become(python_command("worker.reconcile"))
