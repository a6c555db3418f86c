"""`depthq now`: one picture to one file, without a job."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from client import console
from client.commands.output_options import with_output_options
from client.commands.service import JsonOption, UrlOption, open_client
from client.doubts import doubts
from client.errors import LocalProblem
from client.files.named import named_file
from client.files.piped import PIPE, check_piped, write_out
from client.plain import visible
from client.wire.depth_calls import DepthNow
from client.wire.downloads import beside

Option = typer.Option
_MANY = "for all its pictures: depthq submit FOLDER --out DIR"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(with_output_options(now, several=False))


def now(
    file: Annotated[str, typer.Argument(help="a picture; - reads it from stdin")],
    out: Annotated[
        str | None,
        Option(
            "--out", "-o", help="file or folder, - for stdout; by default <name>.<output>.<ext>"
        ),
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
    check_piped(out, output)
    image = sys.stdin.buffer.read() if file == PIPE else named_file(file, folder_means=_MANY)
    with open_client(url) as client:
        found = client.depth_now(image, output=output, deadline_s=deadline_s, **chosen)
    for sentence in doubts(found.warnings, found.downsampled_to, chosen.get("size")):
        console.say(f"{visible(file)}: {sentence}")
    if out == PIPE:
        write_out(found.data)
        return
    stem = "picture" if file == PIPE else Path(file).stem
    target = _target(out, f"{stem}.{output}.{found.extension}")
    _write(target, Path(file), found)
    _say(target, found, json)


def _target(out: str | None, name: str) -> Path:
    """Return the file to write: `out`, or `name` here or in the folder `out`."""
    if out and not (out.endswith("/") or Path(out).is_dir()):
        return Path(out)
    return Path(out or "") / name


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
