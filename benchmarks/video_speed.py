"""What a video costs beside its network: `python -m benchmarks.video_speed [FRAMES [OUTPUT …]]`.

CPU milliseconds per frame at 640x480 of the whole way, part by part, against those of the engine
alone: its share is the frame rate that the whole reaches of the engine's own on the same cores.
CPU time, because wall time means nothing on a busy machine. Outputs: `heatmap`, unless others are
named.
"""

from __future__ import annotations

import io
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, BinaryIO

import cv2
import numpy as np

from contract.models.midas_small import MODEL
from contract.settings import Settings
from contract.videos import VideoSpec
from tests.films import drifting, film
from worker.advice import advise
from worker.compute.batcher import Batcher
from worker.compute.computer import Network
from worker.engines.factory import open_engine
from worker.engines.protocol import Engine
from worker.videos.assemble import Film, assemble
from worker.videos.decode.ask import DecodeLimits
from worker.videos.files.codes import Codes, read_codes
from worker.videos.pieces import SEGMENT_FRAMES, items, pieces
from worker.videos.segment import SegmentFile, steady_frames
from worker.videos.shots import Columns, scaled
from worker.videos.stable import blend
from worker.videos.stable import steady as stable
from worker.videos.survey import survey

LIMITS = DecodeLimits(1 << 30, 60, 10_000_000)
BARE_FRAMES = 40


def cpu_s(whose: int = resource.RUSAGE_SELF) -> float:
    """Return the CPU time of this process, or of its ended children."""
    used = resource.getrusage(whose)
    return used.ru_utime + used.ru_stime


def children_s() -> float:
    """Return the CPU time of children that have ended: the decoders."""
    return cpu_s(resource.RUSAGE_CHILDREN)


class Parts:
    """CPU seconds by part. Every function here runs in the calling thread, but for the engine."""

    def __init__(self) -> None:
        self.spent: dict[str, float] = {}

    def add(self, name: str, seconds: float) -> None:
        """Count `seconds` for `name`."""
        self.spent[name] = self.spent.get(name, 0.0) + seconds

    def timed(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        """Return `call`, timed."""

        def timed(*args: Any) -> Any:
            began = time.thread_time()
            try:
                return call(*args)
            finally:
                self.add(name, time.thread_time() - began)

        return timed


def bare_s(engine: Engine) -> float:
    """Return the CPU time of the engine per frame, in batches of 4."""
    batch = np.random.default_rng(0).normal(size=(4, 3, 192, 256)).astype(np.float32)
    engine.infer(batch)
    began = cpu_s()
    for _ in range(BARE_FRAMES // 4):
        engine.infer(batch)
    return (cpu_s() - began) / BARE_FRAMES


def main() -> None:
    """Print the table."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else SEGMENT_FRAMES
    spec = VideoSpec.model_validate({"outputs": sys.argv[2:] or ["heatmap"]})
    cv2.setNumThreads(1)
    streams = advise(Settings()).streams
    engine = open_engine(Settings(), streams)
    engine.load()
    batcher = Batcher(engine.infer, engine.max_batch, streams=streams)
    batcher.start()
    parts = Parts()
    stable.flow = parts.timed("flow", stable.flow)
    stable.link = parts.timed("links", stable.link)
    blend.steady = parts.timed("blend", blend.steady)
    stable.fit = parts.timed("chain's fit", stable.fit)
    bare = [bare_s(engine)]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "clip.mp4"
        path.write_bytes(film(drifting(count, 640, 480, 3), options={"preset": "veryfast"}))
        with path.open("rb") as video:
            whole(video, spec, Network(MODEL.input, batcher.submit, 100.0), parts)
    bare.append(bare_s(engine))
    batcher.stop()
    report(parts, float(np.mean(bare)), count, spec)


def whole(video: BinaryIO, spec: VideoSpec, network: Network, parts: Parts) -> None:
    """Run the clip; every CPU second goes to one of `parts`."""
    began = children_s()
    found = survey(video, spec, LIMITS, 10**6, 10**6)
    parts.add("survey", children_s() - began)
    frames = list(items(found.names, found.seconds))
    columns, segments = Columns(), []
    own, decoders, mine = cpu_s(), children_s(), time.thread_time()
    for begin in range(0, len(frames), SEGMENT_FRAMES):
        segment = SegmentFile()
        keep = parts.timed("codes, facts", segment.add)
        for piece, part in pieces(frames[begin : begin + SEGMENT_FRAMES]):
            depths = steady_frames(video, piece, found.facts, LIMITS, network)
            for item, steady in zip(part, depths, strict=True):
                columns.add(keep(steady, item.extra["at"]))
        segments.append(segment.finished())
    mine = time.thread_time() - mine
    parts.add("engine within", cpu_s() - own - mine)
    parts.add("decoder: decode, resize, normalise, send", children_s() - decoders)
    inner = ("flow", "links", "blend", "chain's fit", "codes, facts")
    parts.add("receive, the rest", mine - sum(parts.spent[name] for name in inner))
    own, decoders = cpu_s(), children_s()
    films(video, spec, found, segments, columns)
    parts.add("films", cpu_s() - own + children_s() - decoders)


def films(video: BinaryIO, spec: VideoSpec, found: Any, segments: Any, columns: Columns) -> None:
    """Make the files."""
    scales = scaled(columns.ordered(np.arange(len(columns))), spec.normalize)

    def codes() -> Iterator[Codes]:
        for data in segments:
            yield from read_codes(io.BytesIO(data))

    with ExitStack() as stack:
        made = Film(video, spec, found.facts, LIMITS, scales, found.names, codes, "depthq")
        assemble(
            made,
            lambda _: stack.enter_context(tempfile.NamedTemporaryFile(buffering=0)),  # type: ignore[arg-type,return-value]
        )


def report(parts: Parts, bare: float, count: int, spec: VideoSpec) -> None:
    """Print what was found."""
    for name, seconds in parts.spent.items():
        print(f"{name}: {1e3 * seconds / count:.2f} ms of CPU per frame")
    total = sum(parts.spent.values()) / count
    print(f"all: {1e3 * total:.1f} ms, for {count} frames and {', '.join(spec.outputs)}")
    print(f"engine alone, before and after: {1e3 * bare:.1f} ms")
    beside = total - parts.spent["engine within"] / count
    print(f"beside the engine: {1e3 * beside:.1f} ms")
    print(f"share of the engine: {bare / total:.2f}")
    print(f"with the engine at its rate within the run: {1 - beside / total:.2f}")


if __name__ == "__main__":
    main()
