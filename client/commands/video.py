"""`depthq video`: steady depth of every frame of a video, from the command line."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from shlex import quote
from typing import Annotated, Any

import typer

from client import console
from client.commands.output_options import by_comma
from client.commands.service import JsonOption, UrlOption, open_client
from client.commands.video_view import exit_code, watched
from client.files.named import named_file
from client.files.out_folder import prepare_out
from client.local.program import program
from client.plain import visible
from client.video import Video
from client.videos import Videos
from contract.ids import is_run_id
from contract.kinds.video import VIDEO
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
    depthq video *.mp4 --out results --model dpt_swin2_tiny_256
    depthq video frames.zip --out results --frames-fps 24
    depthq video s3://shots/walk/ --out results --frames-fps 24

A video is MP4, MOV, MKV, WebM, AVI or GIF, or numbered images (000001.jpg, shot_2.png): a zip of
them, or what is below a prefix of a bucket that the service may read, with a slash at its end.
Files of several videos go into a folder each.

\b
--output names a file to make, and may repeat:
{_LINES}

What is near is bright. Colours span the depth of a shot; --normalize clip spans the whole video, so
that shots can be compared by eye; frame lets them jump.

Ctrl-C stops the watching; the service goes on, and `depthq video ID --out results` brings the files
of a video by its id. `depthq cancel ID` stops it. The service's workers need the extra `video`:
`depthq doctor` says whether this machine has it.
"""


def video(
    clips: Annotated[
        list[str],
        typer.Argument(help="files, s3://bucket/key, s3://bucket/prefix/, URLs, ids of videos"),
    ],
    out: Annotated[Path, typer.Option("--out", "-o", help="folder for the files")],
    output: Annotated[
        list[str] | None,
        typer.Option(
            "--output", "--outputs", help="what to make, see above; by comma, or repeated"
        ),
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
    options: dict[str, Any] = {
        "outputs": by_comma(output or []) or None,
        "normalize": normalize,
        "colormap": colormap,
        "start_s": start,
        "end_s": end,
        "fps": fps,
        "frames_fps": frames_fps,
        "max_side": max_side,
        "model": model,
    }
    prepare_out(out)
    sources, folders = [_source(clip) for clip in clips], _folders(clips, out)
    made: list[Video] = []
    with open_client(url) as client:
        try:
            for source, clip in zip(sources, clips, strict=True):
                made.append(_begun(client.videos, source, {**options, "name": _name(clip)}))
            codes = [
                _brought(client.videos, one, folder, as_json=json)
                for one, folder in zip(made, folders, strict=True)
            ]
        except KeyboardInterrupt:
            _say_how_to_go_on([one.id for one in made], out)
            raise
    raise typer.Exit(max(codes))


def _source(clip: str) -> dict[str, Any]:
    """Return where the video is, as `Videos.submit` takes it. Raises InvalidRequest.

    Looked at before anything is sent: others may be submitted first.
    """
    place = _PLACE.match(clip)
    if place is not None:
        return {"source": {"s3" if place[1].lower() == "s3" else "url": clip}}
    if is_run_id(clip, VIDEO) and not Path(clip).exists():
        return {"id": clip}
    zipped = f"of numbered images make a zip: zip -r frames.zip {quote(clip)}"
    return {"video": named_file(clip, folder_means=zipped)}


def _begun(videos: Videos, source: dict[str, Any], options: dict[str, Any]) -> Video:
    """Return the video that an id names, or a new one."""
    if "id" in source:
        return videos.get(source["id"])
    return videos.submit(**source, **options)


def _say_how_to_go_on(ids: list[str], out: Path) -> None:
    if not ids:
        console.say("stopped before anything was submitted; the same command begins again")
        return
    stops = "".join(f"\n  stop it:  {program()} cancel {each}" for each in ids)
    console.say(
        "the service goes on.\n"
        f"  results:  {program()} video {' '.join(ids)} --out {quote(str(out))}{stops}"
    )


def _name(clip: str) -> str:
    return visible(clip.rstrip("/").rpartition("/")[2])[:200]


def _folders(clips: list[str], out: Path) -> list[Path]:
    """Return where the files of each clip go: of one into `out`, of several into its folders."""
    if len(clips) == 1:
        return [out]
    seen: Counter[str] = Counter()
    folders = []
    for stem in (Path(_name(clip)).stem or "video" for clip in clips):
        seen[stem] += 1
        folders.append(out / (stem if seen[stem] == 1 else f"{stem}-{seen[stem]}"))
    return folders


def _brought(videos: Videos, made: Video, folder: Path, *, as_json: bool) -> int:
    """Wait for a video, download its files, and return the exit code."""
    ended = watched(videos, made, quiet=as_json)
    files = videos.download(ended, folder) if ended.error is None else {}
    if as_json:
        console.say_json(ended.document)
    for path in files.values():
        if not as_json:
            console.tell(str(path))
    return exit_code(ended)
