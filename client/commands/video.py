"""`depthq video`: steady depth of every frame of a video, from the command line."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from client import console
from client.commands.dataset_view import duration
from client.commands.service import JsonOption, UrlOption, open_client
from client.files.out_folder import prepare_out
from client.plain import visible
from client.video import Video
from client.videos import Videos
from contract.videos import VIDEO_FILES

_OUTPUTS = {
    "heatmap": "a film of the depth as colours, with the sound (the default)",
    "side_by_side": "the video beside it",
    "depth": "lossless depth: FFV1, 16 bits, with a sidecar of scales",
    "depth_png": "a zip of 16-bit PNGs",
    "depth_exr": "a zip of OpenEXR files, float",
    "depth_npz": "one NumPy array of all frames",
    "preview": "a short animated WebP",
    "parquet": "a table: seconds, shot and depth's statistics per frame",
}
assert set(_OUTPUTS) == set(VIDEO_FILES)  # noqa: S101 - one line for each
_LINES = "\n".join(f"    {name:<13} {line}" for name, line in _OUTPUTS.items())
_PLACE = re.compile(r"(s3|https?)://", re.IGNORECASE)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("video", help=_HELP)(video)


_HELP = f"""Make films and numbers of a video's depth: steady from frame to frame.

\b
    depthq video clip.mp4 --out results
    depthq video clip.mp4 --out results --output side_by_side --output depth_npz --fps 15
    depthq video frames.zip --out results --frames-fps 24
    depthq video s3://shots/walk/ --out results --frames-fps 24

A video is MP4, MOV, MKV, WebM, AVI or GIF, or numbered images (000001.jpg, shot_2.png): a zip of
them, or what is below a prefix of a bucket that the service may read, with a slash at its end.

\b
--output names a file to make, and may repeat:
{_LINES}

What is near is bright. Colours span the depth of a shot; --normalize clip spans the whole video, so
that shots can be compared by eye; frame lets them jump.

Ctrl-C stops the watching; the service goes on. The service's workers need the extra `video`:
`depthq doctor` says whether this machine has it.
"""


def video(
    clip: Annotated[
        str, typer.Argument(help="a file, s3://bucket/key, s3://bucket/prefix/, a URL")
    ],
    out: Annotated[Path, typer.Option("--out", "-o", help="folder for the files")],
    output: Annotated[
        list[str] | None, typer.Option("--output", help="what to make, see above; may repeat")
    ] = None,
    normalize: Annotated[
        str | None, typer.Option(help="frames that share colors: clip, shot (default), frame")
    ] = None,
    colormap: Annotated[str | None, typer.Option(help="as for photographs")] = None,
    start: Annotated[float | None, typer.Option(help="seconds to leave out at the start")] = None,
    end: Annotated[float | None, typer.Option(help="the second to stop at")] = None,
    fps: Annotated[float | None, typer.Option(help="at most so many frames a second")] = None,
    frames_fps: Annotated[
        float | None, typer.Option(help="of numbered images, which have no times; default 25")
    ] = None,
    max_side: Annotated[
        int | None, typer.Option(help="longest side of films, in px; default 1280")
    ] = None,
    model: Annotated[
        str | None, typer.Option(help="what computes the depth, see `depthq models list`")
    ] = None,
    json: JsonOption = False,
    url: UrlOption = None,
) -> None:
    """Submit, watch, download; `_HELP` is what people read."""
    prepare_out(out)
    with open_client(url) as client:
        made = client.videos.submit(
            **_source(clip),
            outputs=output,
            normalize=normalize,
            colormap=colormap,
            start_s=start,
            end_s=end,
            fps=fps,
            frames_fps=frames_fps,
            max_side=max_side,
            model=model,
            name=visible(clip.rstrip("/").rpartition("/")[2])[:200],
        )
        ended = _watched(client.videos, made, quiet=json)
        files = client.videos.download(ended, out) if ended.error is None else {}
    if json:
        console.say_json(ended.document)
    for path in files.values():
        console.say(visible(str(path)))
    raise typer.Exit(_code(ended))


def _source(clip: str) -> dict[str, Any]:
    """Return where the video is, as `Videos.submit` takes it."""
    place = _PLACE.match(clip)
    if place is None:
        return {"video": Path(clip)}
    return {"source": {"s3" if place[1].lower() == "s3" else "url": clip}}


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
