"""What a video costs beside its network: `python -m benchmarks.video_speed [FRAMES]`.

CPU seconds of the whole way (decode, steady depth, heat map, encoding) against those of the engine
alone, per frame at 640x480, and the memory that a longer clip adds. CPU time, because wall time
on a busy machine says nothing.
"""

from __future__ import annotations

import io
import resource
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

import cv2
import numpy as np

from contract.models.midas_small import MODEL
from contract.settings import Settings
from contract.videos import VideoSpec
from tests.films import drifting, film
from worker.compute.batcher import Batcher
from worker.compute.computer import Network
from worker.engines.factory import open_engine
from worker.videos.assemble import Film, assemble
from worker.videos.decode.ask import DecodeLimits
from worker.videos.files.gray16 import read_gray16
from worker.videos.pieces import SEGMENT_FRAMES, items, pieces
from worker.videos.segment import SegmentFile, steady_frames
from worker.videos.shots import Columns, scaled
from worker.videos.survey import survey

LIMITS = DecodeLimits(1 << 30, 60, 10_000_000)


def cpu_s() -> float:
    """Return the CPU time of this process and its ended children."""
    own, others = (resource.getrusage(w) for w in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return own.ru_utime + own.ru_stime + others.ru_utime + others.ru_stime


def resident_mb() -> float:
    """Return the memory of this process."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 1e6


def main() -> None:
    """Print the table."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    cv2.setNumThreads(1)
    engine = open_engine(Settings())
    engine.load()
    one = np.random.default_rng(0).normal(size=(4, 3, 192, 256)).astype(np.float32)
    engine.infer(one)
    began = cpu_s()
    for _ in range(10):
        engine.infer(one)
    bare = (cpu_s() - began) / 40
    batcher = Batcher(engine.infer, 8)
    batcher.start()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "clip.mp4"
        path.write_bytes(film(drifting(count, 640, 480, 3), options={"preset": "veryfast"}))
        with path.open("rb") as video:
            network = Network(MODEL.input, batcher.submit, 100.0)
            whole(video, network, count, bare)
    batcher.stop()


def whole(video, network, count: int, bare: float) -> None:
    """Run the clip and print each part's CPU time per frame."""
    spec = VideoSpec()
    began, said = cpu_s(), []

    def lap(name: str) -> None:
        nonlocal began
        said.append((name, (cpu_s() - began) / count))
        began = cpu_s()

    found = survey(video, spec, LIMITS, 10**6, 10**6)
    lap("survey")
    frames = list(items(found.names, found.seconds))
    columns, segments, memory = Columns(), [], []
    for begin in range(0, len(frames), SEGMENT_FRAMES):
        segment = SegmentFile()
        for piece, part in pieces(frames[begin : begin + SEGMENT_FRAMES]):
            depths = steady_frames(video, piece, found.facts, LIMITS, network)
            for item, steady in zip(part, depths, strict=True):
                columns.add(segment.add(steady, item.extra["at"]))
        segments.append(segment.finished())
        memory.append(resident_mb())
    lap("segments, network included")
    scales = scaled(columns.ordered(np.arange(len(columns))), spec.normalize)

    def codes():
        for data in segments:
            yield from read_gray16(io.BytesIO(data))

    with ExitStack() as stack:
        film_ = Film(video, spec, found.facts, LIMITS, scales, found.names, codes)
        assemble(film_, lambda _: stack.enter_context(tempfile.NamedTemporaryFile(buffering=0)))
    lap("films")
    total = sum(seconds for _, seconds in said)
    print(f"engine alone: {1e3 * bare:.1f} ms of CPU per frame (batches of 4)")
    for name, seconds in said:
        print(f"{name}: {1e3 * seconds:.1f} ms")
    print(f"share of the engine: {bare / total:.2f} of {1e3 * total:.1f} ms")
    print(f"resident after each segment, MB: {[round(m) for m in memory]}")
    print(f"{time.process_time():.0f} s of CPU in all")


if __name__ == "__main__":
    main()
