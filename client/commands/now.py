"""`depthq now`: one picture to one file, without a job."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from client import console
from client.commands.output_options import with_output_options
from client.commands.service import JsonOption, UrlOption, open_client
from client.doubts import doubt
from client.errors import LocalProblem
from client.plain import visible
from client.wire.depth_calls import DepthNow
from client.wire.downloads import beside
from contract.errors import InvalidRequest

Option = typer.Option
PIPE = "-"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(with_output_options(now, several=False))


def now(
    file: Annotated[str, typer.Argument(help="a picture; - reads it from stdin")],
    out: Annotated[
        str | None,
        Option("--out", "-o", help="file to write, - for stdout; by default <name>.<output>.<ext>"),
    ] = None,
    deadline_s: Annotated[int | None, Option(help="give up after so many seconds")] = None,
    json: JsonOption = False,
    url: UrlOption = None,
    *,
    chosen: dict[str, Any],
) -> None:
    """Compute one output of one picture at once; the service keeps nothing of it.

    Without --output it is the depth map, 16-bit PNG, larger is nearer. For many pictures, or where
    a crash must not lose them, see `depthq submit`.

    Examples:

        depthq now cat.jpg

        depthq now cat.jpg --output heatmap --colormap turbo -o cat-depth.jpg

        cat cat.jpg | depthq now - -o - > depth.png
    """
    output = chosen.pop("output", "depth")
    if file != PIPE and not Path(file).exists():
        raise InvalidRequest(f"there is no file {visible(file)}")
    image = sys.stdin.buffer.read() if file == PIPE else Path(file)
    with open_client(url) as client:
        found = client.depth_now(image, output=output, deadline_s=deadline_s, **chosen)
    for warning in found.warnings:
        console.say(f"{visible(file)}: {doubt(warning)}")
    if out == PIPE:
        sys.stdout.buffer.write(found.data)
        return
    stem = "picture" if file == PIPE else Path(file).stem
    target = Path(out or f"{stem}.{output}.{found.extension}")
    _write(target, Path(file), found)
    _say(target, found, json)


def _write(target: Path, source: Path, found: DepthNow) -> None:
    if target.exists() and source.exists() and target.samefile(source):
        raise LocalProblem(f"{visible(str(target))} is the picture itself; name another --out")
    with beside(target) as temporary:
        temporary.write_bytes(found.data)


def _say(target: Path, found: DepthNow, as_json: bool) -> None:
    if not as_json:
        console.tell(str(target))
        return
    console.say_json(
        {
            "file": str(target),
            "media_type": found.media_type,
            "bytes": len(found.data),
            "model": found.model,
            "weights_id": found.weights_id,
            "depth": {"min": found.depth_min, "max": found.depth_max},
            "warnings": list(found.warnings),
            "timings_ms": dict(found.timings_ms),
        }
    )
