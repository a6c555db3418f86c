"""`depthq live`: depth of a camera while it runs, or of every frame of a video; nothing is kept."""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Annotated, Any

import typer

from client import console
from client.commands.now import PIPE
from client.commands.output_options import with_output_options
from client.commands.service import UrlOption, open_client
from client.errors import LocalProblem
from client.files.out_folder import prepare_out
from client.plain import visible
from client.wire.depth_calls import DepthNow
from client.wire.downloads import beside
from contract.errors import InvalidRequest

Option = typer.Option
IN_FLIGHT = 2
SIDE_PX = 640  # frames are sent no larger: the network sees less


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

    Two frames are in flight. Of a camera those in between are skipped, so that what comes out is
    what is seen now. It needs OpenCV, which has no windows here: a player shows the stream.

    Examples:

        depthq live -o - | ffplay -f mjpeg -

        depthq live walk.mp4 --out depth/ --output heatmap --colormap turbo
    """
    options = {"output": "heatmap", "size": "model", **chosen}
    camera = source.isdecimal()
    if not camera and not Path(source).is_file():
        raise InvalidRequest(f"there is no file {visible(source)}")
    write = _writer(out)
    with open_client(url) as client, ThreadPoolExecutor(IN_FLIGHT) as pool:
        ask = lambda frame: pool.submit(client.depth_now, frame, **options)  # noqa: E731
        found = results(_frames(source), ask, skipping=camera)
        count = 0
        for result in found:
            write(count, result)
            count += 1
            if count == frames:
                break
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


def _frames(source: str) -> Iterator[bytes]:
    """Yield the frames of a camera or a video as JPEGs. Raises LocalProblem."""
    try:
        import cv2
    except ImportError as exc:
        raise LocalProblem("this needs OpenCV: pip install opencv-python-headless") from exc
    camera = source.isdecimal()
    capture = cv2.VideoCapture(int(source) if camera else source)
    try:
        if not capture.isOpened():
            what = f"camera {source}" if camera else visible(source)
            raise LocalProblem(f"{what} cannot be opened")
        while True:
            there, frame = capture.read()
            if not there:
                return
            scale = min(1.0, SIDE_PX / max(frame.shape[:2]))
            small = cv2.resize(frame, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
            yield bytes(cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, 85])[1])
    finally:
        capture.release()


def _writer(out: str) -> Callable[[int, DepthNow], None]:
    if out == PIPE:

        def pipe(_number: int, found: DepthNow) -> None:
            sys.stdout.buffer.write(found.data)
            sys.stdout.buffer.flush()

        return pipe
    folder = Path(out)
    prepare_out(folder)

    def file(number: int, found: DepthNow) -> None:
        with beside(folder / f"{number:06d}.{found.extension}") as temporary:
            temporary.write_bytes(found.data)

    return file
