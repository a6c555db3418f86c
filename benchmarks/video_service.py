"""Videos on the whole service, with an engine that only sleeps.

`python -m benchmarks.video_service workers [--frames N] [--frame-ms MS]`: frames per second of one
worker and of two. `… memory [--minutes 30] [--fps 5]`: memory of worker, its decoders, API and
Redis while a clip of so many minutes is made. Clips are 160x120 in H.264, all else is real: API,
Redis, store, decoders, steady depth, films.
"""

from __future__ import annotations

import argparse
import io
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from benchmarks import clocks
from benchmarks.stack import Stack
from client.video import Video
from contract.names.queues import Lane
from depthq import DepthClient
from storage.ledger.connection import open_redis
from tests.films import drifting

WIDTH, HEIGHT = 160, 120
SCENE = 250  # frames until the scene begins again: a cut, as films have
MIB = 1024 * 1024
TIMEOUT_S = 7_200.0


def clip(count: int, fps: int) -> bytes:
    """Return a clip of `count` frames; only SCENE of them are ever in memory."""
    scene, file, base = drifting(SCENE, WIDTH, HEIGHT), io.BytesIO(), Fraction(1, fps)
    with av.open(file, "w", format="mp4") as out:
        stream = out.add_stream("libx264", rate=fps, options={"preset": "ultrafast"})
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        stream.codec_context.time_base = base
        for number in range(count):
            frame = av.VideoFrame.from_ndarray(scene[number % SCENE], format="rgb24")
            frame.pts, frame.time_base = number, base
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    return file.getvalue()


@contextmanager
def stack(folder: Path, workers: int, frame_ms: float) -> Iterator[Stack]:
    """Start a service whose engine sleeps `frame_ms` per frame."""
    with Stack(
        folder,
        s3=False,
        lanes=(Lane.BULK,),
        workers=workers,
        worker_module=("benchmarks.sleepy_worker", str(frame_ms / 1e3)),
        engine="simulated",
        simulation=True,
        decode_processes=1,
        lease_s=120,
    ) as running:
        yield running


def rate(folder: Path, workers: int, frame_ms: float, film: bytes) -> tuple[float, float]:
    """Return frames per second from the first finished segment's frames on, and of the whole."""
    marks: list[tuple[float, int]] = []

    def seen(video: Video) -> None:
        marks.append((time.monotonic() - began, video.frames["done"]))

    with stack(folder, workers, frame_ms) as running:
        client = DepthClient(f"http://127.0.0.1:{running.port}")
        began = time.monotonic()
        video = client.videos.submit(film)
        ended = client.videos.wait(video.id, TIMEOUT_S, seen)
        took_s = time.monotonic() - began
    assert ended.whole, ended.document
    most = marks[-1][1]
    middle = [mark for mark in marks if 0.1 * most <= mark[1] <= 0.9 * most]
    (first_s, first), (last_s, last) = middle[0], middle[-1]
    return (last - first) / max(1e-9, last_s - first_s), most / took_s


def workers(frames: int, frame_ms: float) -> None:
    """Print the rates of one worker and of two."""
    film, found = clip(frames, 25), []
    for count in (1, 2):
        with tempfile.TemporaryDirectory(prefix="depthq-bench-") as folder:
            found.append(rate(Path(folder), count, frame_ms, film))
        middle, whole = found[-1]
        print(
            f"{count} worker(s): {middle:.1f} frames/s while segments are computed, "
            f"{whole:.1f} from the request to the film",
            flush=True,
        )
    ratio = np.array(found[1]) / np.array(found[0])
    print(f"two to one: {ratio[0]:.2f} while segments are computed, {ratio[1]:.2f} in all")


def memory(minutes: float, fps: int) -> None:
    """Print memory at marks of the clip, and the most of each."""
    count = round(minutes * 60 * fps)
    most: dict[str, float] = {}
    with (
        tempfile.TemporaryDirectory(prefix="depthq-bench-") as folder,
        stack(Path(folder), 1, 0.0) as running,
        open_redis(running.settings) as redis,
    ):
        pids = running.pids()
        print(f"{count} frames; MiB")
        print("| minute of the clip | worker | decoders | API | Redis |\n|---|---|---|---|---|")

        def sample() -> dict[str, float]:
            own = clocks.resident_bytes(pids["worker-bulk"])
            found = {
                "worker": own["rss"],
                "decoders": own["tree_rss"] - own["rss"],
                "API": clocks.resident_bytes(pids["api"])["tree_rss"],
                "Redis": redis.info("memory")["used_memory"],
            }
            for name, size in found.items():
                most[name] = max(most.get(name, 0), size)
            return found

        def show(label: str, sizes: dict[str, float]) -> None:
            cells = " | ".join(f"{size / MIB:.0f}" for size in sizes.values())
            print(f"| {label} | {cells} |", flush=True)

        due = [minutes * part for part in (1 / 30, 1 / 6, 1 / 2, 1)]

        def seen(video: Video) -> None:
            sizes = sample()
            while due and video.frames["done"] >= due[0] * 60 * fps:
                show(f"{due.pop(0):g}", sizes)

        show("before", sample())
        client = DepthClient(f"http://127.0.0.1:{running.port}")
        video = client.videos.submit(clip(count, fps))
        ended = client.videos.wait(video.id, TIMEOUT_S, seen)
        show("ended", sample())
    show("most", most)
    assert ended.whole, ended.document


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    modes = parser.add_subparsers(dest="mode", required=True)
    scaling = modes.add_parser("workers", help="two workers against one")
    scaling.add_argument("--frames", type=int, default=12 * 240)
    scaling.add_argument("--frame-ms", type=float, default=60.0)
    long = modes.add_parser("memory", help="memory over a long clip")
    long.add_argument("--minutes", type=float, default=30.0)
    long.add_argument("--fps", type=int, default=5)
    chosen = parser.parse_args()
    if chosen.mode == "workers":
        workers(chosen.frames, chosen.frame_ms)
    else:
        memory(chosen.minutes, chosen.fps)


if __name__ == "__main__":
    main()
