"""`depthq video`: steady depth of every frame of a video, from the command line."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from client import console
from client.commands.dataset_view import duration
from client.commands.service import JsonOption, UrlOption, open_client
from client.files.out_folder import prepare_out
from client.plain import visible
from client.video import Video
from client.videos import Videos

_OUTPUTS = "heatmap, side_by_side, depth, depth_png, depth_npz, preview, parquet"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("video")(video)


def video(
    clip: Annotated[Path, typer.Argument(help="MP4, MOV, MKV, WebM, AVI, GIF, or a zip of images")],
    out: Annotated[Path, typer.Option("--out", "-o", help="folder for the files")],
    output: Annotated[
        list[str] | None, typer.Option("--output", help=f"one of {_OUTPUTS}; may repeat")
    ] = None,
    normalize: Annotated[
        str | None, typer.Option(help="frames that share colors: clip, shot, frame")
    ] = None,
    colormap: Annotated[str | None, typer.Option(help="as for photographs")] = None,
    start: Annotated[float | None, typer.Option(help="seconds to leave out at the start")] = None,
    end: Annotated[float | None, typer.Option(help="the second to stop at")] = None,
    fps: Annotated[float | None, typer.Option(help="at most so many frames a second")] = None,
    max_side: Annotated[int | None, typer.Option(help="longest side of films, in px")] = None,
    model: Annotated[str | None, typer.Option(help="see `depthq models list`")] = None,
    json: JsonOption = False,
    url: UrlOption = None,
) -> None:
    """Make films and numbers of a video's depth: steady from frame to frame.

    \b
        depthq video clip.mp4 --out results
        depthq video clip.mp4 --out results --output side_by_side --output depth_npz --fps 15

    Ctrl-C stops the watching; the service goes on.
    """
    prepare_out(out)
    with open_client(url) as client:
        made = client.videos.submit(
            clip,
            outputs=output,
            normalize=normalize,
            colormap=colormap,
            start_s=start,
            end_s=end,
            fps=fps,
            max_side=max_side,
            model=model,
            name=visible(clip.name)[:200],
        )
        ended = _watched(client.videos, made, quiet=json)
        files = client.videos.download(ended, out) if ended.error is None else {}
    if json:
        console.say_json(ended.document)
    for path in files.values():
        console.say(visible(str(path)))
    raise typer.Exit(_code(ended))


def _watched(videos: Videos, video: Video, *, quiet: bool) -> Video:
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("frames"),
        TimeRemainingColumn(),
    )
    try:
        with Progress(*columns, console=console.err, disable=quiet) as shown:
            bar = shown.add_task("surveyed", total=None)

            def seen(now: Video) -> None:
                frames = now.frames
                shown.update(
                    bar,
                    description=_doing(now),
                    total=frames["total"] or None,
                    completed=min(frames["done"], frames["total"]),
                )

            return videos.wait(video.id, seen=seen)
    except KeyboardInterrupt:
        console.say(f"video {video.id} goes on in the service")
        raise


def _doing(video: Video) -> str:
    if video.terminal:
        return video.state.value
    if not video.document["segments"]["planned"]:
        return "being surveyed"
    if video.frames["done"] >= video.frames["total"]:
        return "making the files"
    left = video.document.get("eta_p50_s")
    return "computing" if left is None else f"computing, {duration(left)} to go"


def _code(video: Video) -> int:
    if video.error is not None:
        console.say(f"{video.error.code}: {visible(video.error.message)}")
        return console.exit_code_of(video.error)
    if video.whole:
        return console.OK
    failed = ", ".join(f"{code} {n}" for code, n in sorted(video.frames["by_code"].items()))
    console.say(f"{video.frames['failed']} frames failed ({failed})")
    return console.SOME_FAILED
