"""`depthq status`, `depthq cancel`: one job, or one video, by its id."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer

from client import console
from client.commands import video_view
from client.commands.service import JsonOption, UrlOption, open_client
from client.job import Job
from client.local.program import program
from client.plain import visible
from client.video import Video
from contract.errors import NotFound
from contract.ids import is_id, is_run_id
from contract.kinds.video import VIDEO
from runtime.pipes import while_read

JobId = Annotated[str, typer.Argument(metavar="ID", help="the id of a job or a video")]


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
    """Show where a job or a video stands. Exits with 1 if it failed.

    Example: depthq status 20260131-abcdefghijklmnopqrstuvwxyz --wait 60
    """
    held_s = min(wait, 60)
    with open_client(url) as client:
        if is_run_id(job_id, VIDEO):
            video = client.videos.get(job_id, wait=held_s)
            _show(video, video_view.describe(video), json)
            raise typer.Exit(console.SOME_FAILED if video.error else console.OK)
        with _datasets_are_elsewhere(job_id, "status"):
            job = client.get(job_id, wait=held_s) if wait else client.get(job_id)
    _show(job, describe(job), json)
    raise typer.Exit(console.SOME_FAILED if job.error else console.OK)


def cancel(job_id: JobId, json: JsonOption = False, url: UrlOption = None) -> None:
    """Cancel a job or a video and remove what it has left; one that has ended stays as it is."""
    with open_client(url) as client:
        if is_run_id(job_id, VIDEO):
            video = client.videos.cancel(job_id)
            _show(video, video_view.describe(video), json)
            return
        with _datasets_are_elsewhere(job_id, "cancel"):
            job = client.cancel(job_id)
    _show(job, describe(job), json)


@contextmanager
def _datasets_are_elsewhere(job_id: str, command: str) -> Iterator[None]:
    """Explain a NotFound: what an id looks like, or which command the id belongs to."""
    try:
        yield
    except NotFound as exc:
        if not is_id(job_id):
            raise NotFound(f"{visible(job_id)} is no id; `depthq submit` prints them") from exc
        more = f"If it is a dataset's: {program()} dataset {command} {job_id}"
        raise NotFound(f"{exc.message} {more}") from exc


def _show(found: Job | Video, line: str, as_json: bool) -> None:
    with while_read():
        if as_json:
            console.say_json(found.document)
        else:
            console.tell(line)


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
