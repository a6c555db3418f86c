"""`depthq demo`: the whole service for the length of a few photographs."""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Column, Table
from rich.text import Text

from client import console
from client.batch import FileRequest, Outcome, run_one
from client.bulk.names import flat_names
from client.depth_client import DepthClient
from client.files.out_folder import prepare_out
from client.files.pictures import find_pictures
from client.local import ports
from client.local.offer import better_weights
from client.local.samples import sample_photographs
from client.local.stack import LocalStack, Plan
from client.local.stopping import Stopping, listening
from client.plain import visible
from contract.errors import InputError
from contract.names.queues import Lane
from contract.settings import Settings

_OPTIONS = {"refine": "guided"}  # results to look at: their edges are the photograph's


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(demo)


def demo(
    photos: Annotated[
        list[str] | None, typer.Argument(help="photographs; by default five of scikit-image's")
    ] = None,
    out: Annotated[Path, typer.Option("--out", "-o", help="where the results go")] = Path(
        "demo-out"
    ),
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="show the parts' logs")] = False,
) -> None:
    """Start everything in a temporary folder, compute a few depth maps, stop everything.

    Writes <name>.depth.png (16 bit, exact) and <name>.heatmap.jpg (near is bright), refined by
    the photograph (`refine=guided`).

    Examples:

        depthq demo

        depthq demo ~/Pictures/*.jpg --out depth
    """
    if photos:
        pictures = {stem: path for path, stem in flat_names(find_pictures(photos, out)).items()}
    else:
        pictures = sample_photographs()
    prepare_out(out)
    with (
        tempfile.TemporaryDirectory(prefix="depthq-demo-") as folder,
        listening() as stopping,
    ):
        outcomes, clean = _run(Path(folder), pictures, out, stopping, verbose)
    stopped = stopping.asked() and len(outcomes) < len(pictures)
    if outcomes or not stopped:
        _show(pictures, outcomes)
    if stopped:
        console.say(f"stopped at {len(outcomes)} of {len(pictures)}")
        raise typer.Exit(console.INTERRUPTED)
    if offer := better_weights(Settings()):
        console.say(offer)
    all_well = len(outcomes) == len(pictures) and all(o.error is None for o in outcomes.values())
    raise typer.Exit(console.OK if all_well and clean else console.SOME_FAILED)


def _run(
    folder: Path, pictures: dict[str, Path], out: Path, stopping: Stopping, verbose: bool
) -> tuple[dict[str, Outcome], bool]:
    settings = Settings(data_dir=folder, host="127.0.0.1", port=ports.any_free())
    plan = Plan(settings, port_chosen=True, lanes=(Lane.INTERACTIVE,), alone=True)
    log: list[tuple[str, str]] = []
    hear = console.log_line if verbose else lambda name, line: log.append((name, line))
    stack = LocalStack(plan, console.say, hear)
    outcomes: dict[str, Outcome] = {}
    clean = False
    try:
        console.say("starting the service …")
        stack.start(stopping.asked)
        if stack.await_ready(stopping.asked):
            console.say(f"ready at {stack.url}; submitting {len(pictures)} photographs …")
            outcomes = _compute(stack, pictures, out, stopping)
    finally:
        clean = stack.stop(stopping.hurry)
        if not clean or any(map(_is_puzzling, outcomes.values())):
            for name, line in log[-60:]:
                console.log_line(name, line)
    return outcomes, clean


def _compute(
    stack: LocalStack, pictures: dict[str, Path], out: Path, stopping: Stopping
) -> dict[str, Outcome]:
    """Submit one after the other from a thread, so that each latency is that of an idle service."""
    outcomes: dict[str, Outcome] = {}
    settings = Settings()
    key = settings.api_keys[0].get_secret_value() if settings.api_keys else None

    def submit_all() -> None:
        with DepthClient(stack.url, key) as client:
            for stem, path in pictures.items():
                if stopping.asked():
                    return
                wish = FileRequest(_OPTIONS, out=out, wait=True, timeout_s=120)
                outcomes[stem] = run_one(client, path, stem, wish)

    thread = threading.Thread(target=submit_all, daemon=True)
    thread.start()
    while thread.is_alive() and not stopping.asked():
        stack.restart_dead()
        thread.join(0.1)
    return dict(outcomes)


def _show(pictures: dict[str, Path], outcomes: dict[str, Outcome]) -> None:
    where = Column("where", overflow="fold")  # a path cut short is of no use
    table = Table("name", "size", "latency", where)
    for stem in pictures:
        outcome = outcomes.get(stem)
        cells = _row(outcome) if outcome else ("", "", "not submitted")
        table.add_row(*(Text(visible(cell, keep="\n")) for cell in (stem, *cells)))
    console.out.print(table, soft_wrap=False)
    if any(outcome.files for outcome in outcomes.values()):
        console.say("heat maps: near is bright; numbers: depthq.read_depth(path), larger is nearer")


def _is_puzzling(outcome: Outcome) -> bool:
    """Whether the parts' logs may explain the failure; a bad picture explains itself."""
    return outcome.error is not None and not isinstance(outcome.error, InputError)


def _row(outcome: Outcome) -> Sequence[str]:
    if outcome.error is not None or outcome.job is None:
        return "", "", outcome.error.message if outcome.error else "failed"
    depth = outcome.job.outputs.get("depth") or {}
    return (
        f"{depth.get('width', '?')} x {depth.get('height', '?')}",
        f"{outcome.took_s * 1000:.0f} ms",
        "\n".join(str(path) for path in outcome.files.values()),
    )
