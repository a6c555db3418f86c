"""`depthq dataset status`, `watch`, `retry`, `cancel`, `errors`, `download`: one by its id."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from client import console
from client.bulk.download import ResultDownload
from client.bulk.names import ResultNames
from client.commands.dataset_say import code_of, interruptible, say_failed, show
from client.commands.dataset_view import board
from client.commands.service import JsonOption, UrlOption, open_client
from client.dataset import Dataset
from client.depth_client import DepthClient
from client.files.out_folder import prepare_out
from runtime.pipes import while_read

DatasetId = Annotated[str, typer.Argument(metavar="ID", help="the dataset's id")]
Codes = Annotated[list[str] | None, typer.Option("--code", help="only this error code; may repeat")]
Out = Annotated[Path, typer.Option("--out", "-o", help="folder for the results")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    for command in (status, watch, retry, cancel, errors, download):
        app.command()(command)


def status(dataset_id: DatasetId, json: JsonOption = False, url: UrlOption = None) -> None:
    """Show where a dataset stands. Exits with 1 if it has ended and is not whole."""
    with open_client(url) as client:
        dataset = client.datasets.get(dataset_id)
    show(dataset, json)
    raise typer.Exit(code_of(dataset) if dataset.terminal else console.OK)


def watch(dataset_id: DatasetId, json: JsonOption = False, url: UrlOption = None) -> None:
    """Follow a dataset until it has ended: rate, estimate, failures by code."""
    with open_client(url) as client:
        dataset = _follow(client, dataset_id, json)
    show(dataset, json)
    raise typer.Exit(code_of(dataset))


def retry(
    dataset_id: DatasetId,
    code: Codes = None,
    wait: Annotated[bool, typer.Option("--wait", "-w", help="until it has ended")] = False,
    json: JsonOption = False,
    url: UrlOption = None,
) -> None:
    """Run the failed images of a dataset again, and merge their results."""
    with open_client(url) as client:
        dataset = client.datasets.retry(dataset_id, code or ())
        if wait:
            dataset = _follow(client, dataset_id, json)
    show(dataset, json)
    raise typer.Exit(code_of(dataset) if wait else console.OK)


def cancel(dataset_id: DatasetId, json: JsonOption = False, url: UrlOption = None) -> None:
    """Stop a dataset and say how much is done; that is kept."""
    with open_client(url) as client:
        dataset = client.datasets.cancel(dataset_id)
    show(dataset, json)


def errors(
    dataset_id: DatasetId, code: Codes = None, json: JsonOption = False, url: UrlOption = None
) -> None:
    """List the images that failed, and why."""
    with open_client(url) as client, while_read():
        for item in client.datasets.errors(dataset_id, code or ()):
            if json:
                console.say_json(item)
                continue
            error = item.get("error") or {}
            line = f"{item['uri']}  {error.get('code')}: {error.get('message')}"
            console.tell(line)


def download(
    dataset_id: DatasetId, out: Out, json: JsonOption = False, url: UrlOption = None
) -> None:
    """Download the results of a dataset, named after its images; what is there stays."""
    prepare_out(out)
    with open_client(url) as client, board(json) as view:
        dataset = client.datasets.get(dataset_id)
        job = ResultDownload(client.datasets, out, ResultNames(_prefix(dataset)))
        made = interruptible(lambda: job.run(dataset_id, view.downloaded), lambda: dataset_id)
    if json:
        document = {"dataset": dataset_id, "files": made.files, "kept": made.kept}
        console.say_json({**document, "failed": made.failed})
    console.say(f"{made.files} files came, {made.kept} were there already: {out}")
    raise typer.Exit(say_failed(made.failed, "could not be brought"))


def _prefix(dataset: Dataset) -> str:
    source = str(dataset.document.get("source", ""))
    return "archive://" if source == "archive" else source


def _follow(client: DepthClient, dataset_id: str, as_json: bool) -> Dataset:
    with board(as_json) as view:
        wait = client.datasets.wait
        return interruptible(lambda: wait(dataset_id, seen=view.progress), lambda: dataset_id)
