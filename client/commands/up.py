"""`depthq up`: the whole service on this machine."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated, Any

import typer

from client import console
from client.commands.service import LOOPBACK
from client.local.offer import better_weights
from client.local.program import program
from client.local.stack import LocalStack, Plan
from client.local.stopping import Stopping, listening
from contract.names.queues import Lane
from contract.settings import Settings


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(up)


def up(
    port: Annotated[
        int | None,
        typer.Option(help="TCP port; else DEPTHQ_PORT or the next free after 8000"),
    ] = None,
    host: Annotated[str | None, typer.Option(help="address to listen on")] = None,
    data_dir: Annotated[
        Path | None, typer.Option(help="where images, results and Redis data are kept")
    ] = None,
    bulk: Annotated[bool, typer.Option(help="also run the worker for datasets")] = True,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="no log lines of the parts")] = False,
) -> None:
    """Start everything on this machine: Redis, API with web page, one worker per lane.

    Ctrl-C stops the API, lets the workers finish what they hold, and stops Redis; a second
    Ctrl-C ends everything at once. Accepted jobs are kept and done after the next start.

    Examples:

        depthq up

        depthq up --port 9000 --data-dir /var/lib/depthq
    """
    settings = _settings(port, host, data_dir)
    lanes = (Lane.INTERACTIVE, Lane.BULK) if bulk else (Lane.INTERACTIVE,)
    plan = Plan(settings, port_chosen="port" in settings.model_fields_set, lanes=lanes)
    with listening() as stopping:
        stack = LocalStack(plan, console.say, _ignore if quiet else console.log_line)
        try:
            _run(stack, stopping)
        finally:
            clean = stack.stop(stopping.hurry)
    console.say("stopped" if clean else "stopped, not all of it cleanly; no accepted job is lost")
    raise typer.Exit(console.OK if clean else console.SOME_FAILED)


def _settings(port: int | None, host: str | None, data_dir: Path | None) -> Settings:
    given: dict[str, Any] = {"port": port, "host": host, "data_dir": data_dir}
    return Settings(**{name: value for name, value in given.items() if value is not None})


def _run(stack: LocalStack, stopping: Stopping) -> None:
    console.say("starting … (Ctrl-C stops)")
    stack.start(stopping.asked)
    if stack.await_ready(stopping.asked):
        _say_where(stack)
    while not stopping.asked():
        stack.restart_dead()
        time.sleep(0.2)
    console.say("stopping: the workers finish what they hold (Ctrl-C again: at once)")


def _say_where(stack: LocalStack) -> None:
    url, login = stack.url, bool(Settings().api_keys)
    key = "-H 'Authorization: Bearer …' " if login else ""
    if not login and stack.host not in LOOPBACK:
        console.say("every client that reaches it can use it: DEPTHQ_API_KEYS asks for a key")
    console.say(
        f"\ndepthq is ready: {url}\n\n"
        f"  curl {key}-F image=@photo.jpg -H 'Prefer: wait=60' {url}/v1/jobs\n"
        f"  DEPTHQ_URL={url} {program()} submit photo.jpg --wait --out results\n"
    )
    if offer := better_weights(Settings()):
        console.say(offer)


def _ignore(_name: str, _line: str) -> None:
    """Drop a log line."""
