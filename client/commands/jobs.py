"""`depthq status`, `depthq cancel`: one job by its id."""

from __future__ import annotations

from typing import Annotated

import typer

from client import console
from client.commands.service import JsonOption, UrlOption, open_client
from client.job import Job

JobId = Annotated[str, typer.Argument(metavar="ID", help="the job's id")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(status)
    app.command()(cancel)


def status(
    job_id: JobId,
    wait: Annotated[float, typer.Option(help="wait up to so many seconds for its end")] = 0,
    json: JsonOption = False,
    url: UrlOption = None,
) -> None:
    """Show where a job stands. Exits with 1 if it failed.

    Example: depthq status 20260131-abcdefghijklmnopqrstuvwxyz --wait 60
    """
    with open_client(url) as client:
        job = client.get(job_id, wait=min(wait, 60)) if wait else client.get(job_id)
    _show(job, json)
    raise typer.Exit(console.SOME_FAILED if job.error else console.OK)


def cancel(job_id: JobId, json: JsonOption = False, url: UrlOption = None) -> None:
    """Cancel a job and remove what it has left; a job that has ended stays as it is."""
    with open_client(url) as client:
        job = client.cancel(job_id)
    _show(job, json)


def _show(job: Job, as_json: bool) -> None:
    if as_json:
        console.say_json(job.document)
        return
    console.tell(describe(job))


def describe(job: Job) -> str:
    """Return the job in one line for people."""
    if job.error:
        return f"{job.id}  {job.state.value}: {job.error.message}"
    if job.succeeded:
        return f"{job.id}  succeeded: {', '.join(job.outputs)}"
    position, eta_s = job.document.get("position"), job.document.get("eta_s")
    place = f", {position} before it" if position is not None else ""
    eta = f", about {eta_s:.0f} s to go" if isinstance(eta_s, int | float) else ""
    return f"{job.id}  {job.state.value}{place}{eta}"
