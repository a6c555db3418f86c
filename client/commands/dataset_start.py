"""`depthq dataset run` and `submit`: from images to a dataset, and to its results."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from client import console
from client.bulk.run import Run, RunCallbacks, Source
from client.commands.dataset_say import (
    interruptible,
    say_end,
    say_failed,
    say_forecast,
    say_left_out,
    show,
)
from client.commands.dataset_source import SourceArgument, source_of
from client.commands.dataset_view import board
from client.commands.output_options import with_output_options
from client.commands.service import JsonOption, UrlOption, open_client, service_url
from client.dataset import Dataset
from client.depth_client import DepthClient
from client.errors import LocalProblem
from client.files.out_folder import prepare_out
from client.files.steady import readable
from client.files.walk import LeftOut
from contract.settings import Settings

Option = typer.Option
Globs = Annotated[list[str] | None, Option(help="glob on the name; may repeat")]
NormalizeOption = Annotated[str | None, Option(help="image, or dataset: one range for all")]
NameOption = Annotated[str | None, Option(help="a label for people")]
DryRunOption = Annotated[bool, Option("--dry-run", help="only say what it would take")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(with_output_options(run))
    app.command()(with_output_options(submit))


def run(
    source: SourceArgument,
    out: Annotated[Path | None, Option("--out", "-o", help="folder for the results")] = None,
    include: Globs = None,
    exclude: Globs = None,
    normalize: NormalizeOption = None,
    name: NameOption = None,
    dry_run: DryRunOption = False,
    again: Annotated[bool, Option("--again", help="everything anew")] = False,
    json: JsonOption = False,
    url: UrlOption = None,
    *,
    chosen: dict[str, Any],
) -> None:
    """Compute a folder or a bucket and bring the results, named after the images.

    The same command again goes on where it stopped: it finds its dataset, waits, downloads what is
    missing; images that are new, changed or repaired are run then, and only those.

    Examples:

        depthq dataset run ./holiday --out ./depth

        depthq dataset run s3://photos/2026/ --out ./depth --size model
    """
    left_out = LeftOut()
    wanted = source_of(
        source, include or [], exclude or [], out=out, left_out=left_out,
        options=chosen, normalize=normalize, name=name,
    )  # fmt: skip
    if out is None and not dry_run:
        raise typer.BadParameter("--out: where shall the results go?")
    if out is not None and not dry_run:
        prepare_out(out)
    with open_client(url) as client:
        if out is None or dry_run:
            code = _forecast(client, wanted, json)
        else:
            plan = Run(client, service_url(url, Settings()), wanted, out)
            code = _run(plan, again, json)
    left = say_left_out(left_out)
    raise typer.Exit(code or left)


def submit(
    source: SourceArgument,
    include: Globs = None,
    exclude: Globs = None,
    normalize: NormalizeOption = None,
    layout: Annotated[str | None, Option(help="files, or webdataset: one tar per shard")] = None,
    output_prefix: Annotated[str | None, Option(help="s3://bucket/path/ for the outputs")] = None,
    on_existing: Annotated[str | None, Option(help="skip, or overwrite what is there")] = None,
    shard_size: Annotated[int | None, Option(help="images per shard")] = None,
    webhook_url: Annotated[str | None, Option(help="called when it has ended")] = None,
    name: NameOption = None,
    dry_run: DryRunOption = False,
    json: JsonOption = False,
    url: UrlOption = None,
    *,
    chosen: dict[str, Any],
) -> None:
    """Start a dataset and leave: prints its id.

    Example: depthq dataset submit s3://photos/ --output-prefix s3://depth/ --layout webdataset
    """
    left_out = LeftOut()
    wanted = source_of(
        source, include or [], exclude or [], left_out=left_out, normalize=normalize, layout=layout,
        options=chosen,
        output_prefix=output_prefix, on_existing=on_existing, shard_size=shard_size, name=name,
        webhook_url=webhook_url,
    )  # fmt: skip
    with open_client(url) as client:
        if dry_run:
            raise typer.Exit(_forecast(client, wanted, json))
        dataset, failed = _start(client, wanted)
    show(dataset, json, line=dataset.id)
    raise typer.Exit(max(say_left_out(left_out), say_failed(failed, "could not be sent")))


def _start(client: DepthClient, source: Source) -> tuple[Dataset, dict[str, str]]:
    if source.files is None:
        return client.datasets.submit(**source.spec), {}
    files, failed = readable(source.files)
    if not files:
        raise LocalProblem(next(iter(failed.values())))
    spoiled: dict[str, str] = {}
    dataset = client.datasets.submit(files, spoiled=spoiled, **source.spec)
    return dataset, failed | {str(files[name]): why for name, why in spoiled.items()}


def _forecast(client: DepthClient, source: Source, as_json: bool) -> int:
    files = None if source.files is None else readable(source.files)[0]
    forecast = client.datasets.forecast(files, **source.spec)
    return say_forecast(forecast, as_json)


def _run(plan: Run, again: bool, as_json: bool) -> int:
    files = plan.source.files
    with board(as_json) as view:
        plan.callbacks = RunCallbacks(_submitted, view.progress, view.downloaded, console.say)
        if files is not None:
            console.say(f"{len(files)} pictures")
        dataset = interruptible(
            lambda: plan.go(again=again), lambda: plan.dataset.id if plan.dataset else None
        )
    code = console.OK
    if dataset is not None:
        code = say_end(dataset, plan.out, local=files is not None, as_json=as_json)
    elif not plan.failed:
        console.say(f"every picture has its results in {plan.out} already")
    return max(code, say_failed(plan.failed, "could not be sent or brought"))


def _submitted(dataset: Dataset, new: bool) -> None:
    console.say(f"dataset {dataset.id}" + ("" if new else ", begun before"))
