"""One segment of a video: its frames' steady depth, as codes in a file and facts for each."""

from __future__ import annotations

import io
from collections import deque
from collections.abc import Generator, Iterator
from concurrent.futures import Future
from contextlib import closing
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from contract.errors import DecoderCrashed
from contract.videos import FrameFacts, Piece, VideoFacts
from worker.compute.batch import Inferred
from worker.compute.computer import Network
from worker.videos.decode.ask import Ask, DecodeLimits
from worker.videos.decode.process import Answer, answers
from worker.videos.files.codes import CodesWriter, codes_of
from worker.videos.stable.steady import Steady, steadied

IN_FLIGHT = 8  # frames between decoder and network
_PX_BYTES = 13  # of a tensor at the network's size, and a picture at half of it
_REST_BYTES = 64 * 1024


def steady_frames(
    video: BinaryIO, piece: Piece, facts: VideoFacts, limits: DecodeLimits, network: Network
) -> Generator[Steady | None, None, None]:
    """Yield steady depth for each of `piece.own` in order; None: the video has no such frame.

    Raises InputError of the video, DecoderCrashed, and what the engine raises.
    """
    names: list[int] = []
    question = _question(piece, facts, limits, network)
    shape = network.rule.net_size(facts.height, facts.width)
    most_bytes = _PX_BYTES * shape[0] * shape[1] + _REST_BYTES
    due = deque(piece.own)
    with closing(answers(video, question, most_bytes)) as got:
        frames = _checked(got, frozenset(question.want), shape, names)
        for steady in steadied(_with_depth(frames, network), 0):
            name = names[steady.index]
            while due and due[0] < name:
                due.popleft()
                yield None
            if due and due[0] == name:
                due.popleft()
                yield steady
    yield from (None for _ in due)


def _question(piece: Piece, facts: VideoFacts, limits: DecodeLimits, network: Network) -> Ask:
    return Ask(
        "tensors",
        limits,
        want=(*piece.before, *piece.own, *piece.after),
        exact=facts.exact,
        rule=network.rule,
        size=(facts.width, facts.height),
    )


def _with_depth(
    frames: Iterator[tuple[NDArray[np.float32], NDArray[np.uint8]]], network: Network
) -> Iterator[tuple[NDArray[np.uint8], NDArray[np.float32]]]:
    """Yield picture and depth of each frame; several are in flight."""
    in_flight: deque[tuple[NDArray[np.uint8], Future[Inferred]]] = deque()
    for tensor, small in frames:
        in_flight.append((small, network.submit(tensor)))
        if len(in_flight) >= IN_FLIGHT:
            rgb, future = in_flight.popleft()
            yield rgb, future.result(network.timeout_s).depth
    for rgb, future in in_flight:
        yield rgb, future.result(network.timeout_s).depth


def _checked(
    got: Iterator[Answer], wanted: frozenset[int], shape: tuple[int, int], names: list[int]
) -> Iterator[tuple[NDArray[np.float32], NDArray[np.uint8]]]:
    """Yield tensor and picture of each answer; `names` gets their names. Nothing is trusted."""
    height, width = shape
    for meta, data in got:
        try:
            name = int(meta["frame"])
            tensor = np.frombuffer(data, np.float32, 3 * height * width).reshape(3, height, width)
            small = np.frombuffer(data, np.uint8, offset=tensor.nbytes)
            small = small.reshape(height // 2, width // 2, 3)
        except (KeyError, TypeError, ValueError) as exc:
            raise DecoderCrashed("The process that decodes the video made no sense.") from exc
        if not np.isfinite(tensor).all():
            raise DecoderCrashed("The process that decodes the video sent no numbers.")
        if name not in wanted or (names and name <= names[-1]):
            raise DecoderCrashed("The process that decodes the video sent a frame twice.")
        names.append(name)
        yield tensor, small


class SegmentFile:
    """Keeps depth as codes and says for each frame what is needed to read them."""

    def __init__(self) -> None:
        self._file = io.BytesIO()
        self._writer = CodesWriter(self._file)

    def add(self, steady: Steady, at_s: float) -> FrameFacts:
        """Append a frame shown from `at_s` on."""
        codes, low, high = codes_of(steady.depth)
        self._writer.add(codes)
        p1, p99 = np.percentile(steady.depth[::2, ::2], (1, 99))
        return FrameFacts(
            at=at_s,
            low=low,
            high=high,
            p1=float(p1),
            p99=float(p99),
            mean=float(steady.depth.mean()),
            scale=steady.step.scale,
            shift=steady.step.shift,
            alike=steady.alike,
            cut=steady.cut,
        )

    def finished(self) -> bytes:
        """Return the file: nothing if there was no frame."""
        return self._file.getvalue()
