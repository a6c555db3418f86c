"""`depthq live`: depth of a camera while it runs, or of every frame of a video; nothing is kept."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from client import console
from client.commands.output_options import with_output_options
from client.commands.service import UrlOption, open_client
from client.errors import LocalProblem
from client.files.named import named_file
from client.files.out_folder import prepare_out
from client.files.piped import PIPE, check_piped, write_out
from client.plain import visible
from client.wire.depth_calls import DepthNow
from client.wire.downloads import beside

Option = typer.Option
IN_FLIGHT = 2
SIDE_PX = 640  # frames are sent no larger: the network sees less
_STEADY = "for numbered images: depthq video frames.zip --out DIR"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(with_output_options(live, several=False))


def live(
    out: Annotated[str, Option("--out", "-o", help="a folder for numbered files, - for stdout")],
    source: Annotated[str, typer.Argument(help="a camera's number, or a video")] = "0",
    frames: Annotated[int | None, Option(min=1, help="stop after so many")] = None,
    url: UrlOption = None,
    *,
    chosen: dict[str, Any],
) -> None:
    """Compute depth while a camera runs, or of every frame of a video; the service keeps nothing.

    Ctrl-C ends it. Two frames are in flight. Of a camera those in between are skipped, so that what
    comes out is what is seen now. It needs OpenCV, which has no windows here: a player shows the
    stream. Frames are computed one by one: a film without flicker is `depthq video`.

    Examples:

        depthq live -o - | ffplay -f mjpeg -

        depthq live walk.mp4 --out depth/ --output heatmap --colormap turbo
    """
    options = {"output": "heatmap", "size": "model", **chosen}
    camera = source.isdecimal()
    if not camera:
        named_file(source, folder_means=_STEADY)
    check_piped(out, options["output"])
    write = _writer(out)
    count = 0
    try:
        with (
            open_client(url) as client,
            ThreadPoolExecutor(IN_FLIGHT) as pool,
            _opened(source) as capture,
            _progress(frames or _length(capture), hidden=out == PIPE) as advance,
        ):
            ask = lambda frame: pool.submit(client.depth_now, frame, **options)  # noqa: E731
            for result in islice(results(_frames(capture), ask, skipping=camera), frames):
                write(count, result)
                count += 1
                advance()
        if not count:
            raise LocalProblem(f"{visible(source)} gave no frame")
    finally:  # also after Ctrl-C, which is how a camera ends
        if count:
            console.say(f"{count} frame{'s' * (count != 1)}")


def results(
    frames: Iterator[bytes], ask: Callable[[bytes], Future[DepthNow]], *, skipping: bool
) -> Iterator[DepthNow]:
    """Yield the depth of `frames`, in order. `skipping`: frames that find no room are left out."""
    pending: deque[Future[DepthNow]] = deque()
    for frame in frames:
        while pending and pending[0].done():
            yield pending.popleft().result()
        if len(pending) >= IN_FLIGHT:
            if skipping:
                continue
            yield pending.popleft().result()
        pending.append(ask(frame))
    while pending:
        yield pending.popleft().result()


@contextmanager
def _opened(source: str) -> Iterator[Any]:
    """Yield OpenCV's capture of a camera or a video. Raises LocalProblem."""
    try:
        import cv2
    except ImportError as exc:
        raise LocalProblem("this needs OpenCV: pip install opencv-python-headless") from exc
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_ERROR)  # what is wrong is said below
    camera = source.isdecimal()
    capture = cv2.VideoCapture(int(source) if camera else source)
    try:
        if not capture.isOpened():
            raise LocalProblem(
                f"there is no camera {source}, or another program uses it"
                if camera
                else f"{visible(source)} is no video that OpenCV reads; for one picture: depthq now"
            )
        yield capture
    finally:
        capture.release()


def _length(capture: Any) -> int | None:
    """Return how many frames a video says it has; None of a camera, or where it does not say."""
    import cv2

    said = capture.get(cv2.CAP_PROP_FRAME_COUNT)
    return int(said) if said > 0 else None


def _frames(capture: Any) -> Iterator[bytes]:
    """Yield the frames as JPEGs."""
    import cv2

    while True:
        there, frame = capture.read()
        if not there:
            return
        scale = min(1.0, SIDE_PX / max(frame.shape[:2]))
        small = cv2.resize(frame, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        yield bytes(cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, 85])[1])


@contextmanager
def _progress(total: int | None, *, hidden: bool) -> Iterator[Callable[[], None]]:
    """Show a bar on a terminal, unless a player shows the frames; yields what to call at each."""
    columns = (TextColumn("frames"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    hidden = hidden or not console.err.is_terminal
    with Progress(*columns, console=console.err, disable=hidden, transient=True) as bar:
        task = bar.add_task("", total=total)
        yield lambda: bar.advance(task)


def _writer(out: str) -> Callable[[int, DepthNow], None]:
    if out == PIPE:
        return lambda _number, found: write_out(found.data)
    folder = Path(out)
    prepare_out(folder)

    def file(number: int, found: DepthNow) -> None:
        with beside(folder / f"{number:06d}.{found.extension}") as temporary:
            temporary.write_bytes(found.data)

    return file
