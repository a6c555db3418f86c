"""A video's progress in a terminal, and how it ended."""

from __future__ import annotations

import time

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from client import console
from client.commands.dataset_view import LINE_EVERY_S, duration
from client.plain import visible
from client.video import Video
from client.videos import Videos
from contract.states import DatasetState


def watched(videos: Videos, video: Video, *, quiet: bool) -> Video:
    """Show the progress of a video until it has ended; return it."""
    if not quiet and not console.err.is_terminal:
        return videos.wait(video.id, seen=_Lines().seen)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("frames"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console.err, disable=quiet) as shown:
        bar = shown.add_task(_doing(video), total=None)

        def seen(now: Video) -> None:
            frames = now.frames
            shown.update(
                bar,
                description=_doing(now),
                total=frames["total"] or None,
                completed=min(frames["done"], frames["total"]),
            )

        return videos.wait(video.id, seen=seen)


class _Lines:
    """Progress on what is no terminal: a line when the work changes, else now and then."""

    def __init__(self) -> None:
        self._spoke_at, self._stage = 0.0, ""

    def seen(self, now: Video) -> None:
        stage = _doing(now).partition(",")[0]
        if stage == self._stage and time.monotonic() - self._spoke_at < LINE_EVERY_S:
            return
        self._spoke_at, self._stage = time.monotonic(), stage
        console.say(describe(now))


def describe(video: Video) -> str:
    """Return the video in one line for people."""
    frames = video.frames
    line = f"{video.id}  {_doing(video)}: {min(frames['done'], frames['total'])} of "
    line += f"{frames['total'] or '?'} frames"
    return f"{line}, {visible(video.error.message)}" if video.error else line


def _doing(video: Video) -> str:
    if video.terminal:
        return video.state.value
    if video.state is DatasetState.QUEUED:
        return "waiting for a worker"
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
