"""`depthq submit`: photographs to a service, and their depth back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import ValidationError
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from client import console
from client.batch import MET_BY_ALL, FileRequest, Outcome, run_batch
from client.commands.dataset_say import say_left_out
from client.commands.output_options import with_output_options
from client.commands.service import JsonOption, UrlOption, open_client
from client.depth_client import DepthClient
from client.doubts import doubts
from client.files.out_folder import prepare_out
from client.files.pictures import find_pictures
from client.files.walk import LeftOut
from client.plain import visible
from contract.errors import DepthqError, InvalidRequest
from contract.options import JobOptions
from contract.wrong_fields import no_model, wrong_fields

Option = typer.Option


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(with_output_options(submit))


def submit(
    files: Annotated[list[str], typer.Argument(help="pictures, folders of them, or 'patterns'")],
    wait: Annotated[bool, Option("--wait", "-w", help="until every job has ended")] = False,
    out: Annotated[
        Path | None, Option("--out", "-o", help="download results to this folder (implies --wait)")
    ] = None,
    deadline_s: Annotated[int | None, Option(help="give up on jobs not done by then")] = None,
    webhook_url: Annotated[str | None, Option(help="called when a job has ended")] = None,
    timeout: Annotated[float | None, Option(help="with --wait: seconds per file")] = None,
    in_flight: Annotated[int, Option(min=1, max=256, help="files under way at once")] = 16,
    json: JsonOption = False,
    quiet: Annotated[bool, Option("--quiet", "-q", help="print failures only")] = False,
    url: UrlOption = None,
    *,
    chosen: dict[str, Any],
) -> None:
    """Submit pictures; with --out, wait and write <name>.depth.png and <name>.heatmap.jpg.

    Larger values are nearer. `depthq.read_depth(path)` gives back the numbers.

    Examples:

        depthq submit cat.jpg --wait --out results

        depthq submit holiday/ '*.png' --out results --colormap turbo

        depthq submit cat.jpg --json | jq -r .job.id
    """
    options = _options(**chosen, deadline_s=deadline_s, webhook_url=webhook_url)
    left_out = LeftOut()
    paths = find_pictures(files, out, left_out)
    if out is not None:
        prepare_out(out)
    wish = FileRequest(options, wait=wait, out=out, timeout_s=timeout)
    with open_client(url) as client:
        _check_model(client, chosen.get("model"))
        code = _submit(client, paths, wish, in_flight, json, quiet)
    left = say_left_out(left_out, quiet)
    raise typer.Exit(code or left)


def _options(**given: Any) -> dict[str, Any]:
    options = {name: value for name, value in given.items() if value is not None}
    try:
        JobOptions(**options)
    except ValidationError as exc:
        wrong = wrong_fields(exc, JobOptions)[0]
        name = str(wrong.place[0]).replace("_", "-")
        raise typer.BadParameter(f"--{name}: {wrong.says}") from exc
    return options


def _check_model(client: DepthClient, name: str | None) -> None:
    """Raise InvalidRequest for a model that the service does not know: once, not for each file."""
    if name is None:
        return
    document = client.models()
    declared = document.get("known") or []  # none: a service that cannot tell
    names = {each["name"] for each in (*declared, *document["models"])}
    aliases = {alias for each in declared for alias in each["aliases"]}
    if declared and name not in names | aliases:
        raise InvalidRequest(no_model(name, names))


def _submit(
    client: DepthClient,
    paths: list[Path],
    wish: FileRequest,
    in_flight: int,
    json: bool,
    quiet: bool,
) -> int:
    failed = seen = 0
    all_met: DepthqError | None = None
    with _progress(len(paths), json or quiet) as advance, _last_words(lambda: seen, len(paths)):
        for outcome in run_batch(client, paths, wish, in_flight):
            seen += 1
            failed += outcome.error is not None
            advance()
            if not isinstance(outcome.error, MET_BY_ALL):
                _report(outcome, json, quiet)
            elif json or all_met is None:  # said once; files that were under way met it too
                all_met = outcome.error
                _report(outcome, json, quiet)
    if seen < len(paths):
        console.say(f"{len(paths) - seen} files were not submitted")
    if failed and not json:
        console.say(f"{failed} of {len(paths)} failed")
    if all_met is not None:
        return console.exit_code_of(all_met)
    return console.SOME_FAILED if failed else console.OK


@contextmanager
def _last_words(seen: Callable[[], int], total: int) -> Iterator[None]:
    """Say at Ctrl-C what becomes of the jobs under way, whose ids have not been printed."""
    try:
        yield
    except KeyboardInterrupt:
        console.say(f"stopped at {seen()} of {total}; what was sent goes on in the service")
        raise


def _report(outcome: Outcome, as_json: bool, quiet: bool) -> None:
    if as_json:
        console.say_json(_document(outcome))
    elif outcome.error:
        console.say(f"{visible(str(outcome.path))}: {visible(outcome.error.message)}")
    elif not quiet:
        job_id = outcome.job.id if outcome.job else ""
        made = "  ".join(str(path) for path in outcome.files.values())
        console.tell(f"{outcome.path}  {job_id}  {made}".rstrip())
        _say_doubts(outcome)


def _say_doubts(outcome: Outcome) -> None:
    """Say where a result is not what a person expects: smaller, or of a damaged picture."""
    document = outcome.job.document if outcome.job else {}
    picture, options = document.get("input") or {}, document.get("options") or {}
    warnings = picture.get("warnings") or ()
    for sentence in doubts(warnings, picture.get("downsampled_to"), options.get("size")):
        console.say(f"{visible(str(outcome.path))}: {sentence}")


def _document(outcome: Outcome) -> dict[str, Any]:
    error = outcome.error
    return {
        "file": str(outcome.path),
        "ok": error is None,
        "job": outcome.job.document if outcome.job else None,
        "files": {name: str(path) for name, path in outcome.files.items()},
        "error": error
        and {"code": error.code, "message": error.message, "retryable": error.retryable},
    }


@contextmanager
def _progress(total: int, hidden: bool) -> Iterator[Callable[[], None]]:
    """Show a bar on a terminal; yields what to call at every outcome."""
    screen: Console = console.err
    bar = Progress(
        TextColumn("depth maps"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=screen,
        disable=hidden or not screen.is_terminal,
        transient=True,
    )
    with bar:
        task = bar.add_task("", total=total)
        yield lambda: bar.advance(task)
