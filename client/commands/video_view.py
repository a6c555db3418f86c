"""A video's progress in a terminal, and how it ended."""

from __future__ import annotations

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from client import console
from client.commands.dataset_view import duration
from client.plain import visible
from client.video import Video
from client.videos import Videos


def watched(videos: Videos, video: Video, *, quiet: bool) -> Video:
    """Show the progress of a video until it has ended; return it."""
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


def exit_code(video: Video) -> int:
    """Say what went wrong, if anything did, and return the exit code."""
    if video.error is not None:
        console.say(f"{video.error.code}: {visible(video.error.message)}")
        return console.exit_code_of(video.error)
    if video.whole:
        return console.OK
    failed = ", ".join(f"{code} {n}" for code, n in sorted(video.frames["by_code"].items()))
    console.say(f"{video.frames['failed']} frames failed ({failed})")
    return console.SOME_FAILED
