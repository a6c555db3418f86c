"""`depthq quarantine list|show|release`: for the operator, beside the service's Redis and store."""

from __future__ import annotations

from typing import Annotated

import typer

from client.commands.programs import become
from client.local.processes import python_command

app = typer.Typer(
    help="Look at jobs that were set aside because they failed too often, and release them.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
JobId = Annotated[str, typer.Argument(help="the job's id")]
MODULE = "worker.quarantine"


@app.command("list")
def list_() -> None:
    """Print every job set aside, one JSON object a line, oldest first."""
    become(python_command(MODULE, "list"))


@app.command()
def show(job_id: JobId) -> None:
    """Print what is known of one job: why it failed, where its input is."""
    become(python_command(MODULE, "show", job_id))


@app.command()
def release(job_id: JobId) -> None:
    """Let a job run again as if it were new, after its cause was mended."""
    become(python_command(MODULE, "release", job_id))
