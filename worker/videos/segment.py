"""One segment of a video: its frames' steady depth, as codes in a file and facts for each."""

from __future__ import annotations

import io
from collections import deque
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import Future
from contextlib import closing
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from contract.errors import DecoderCrashed
from contract.videos import FrameFacts, Piece, VideoFacts
from worker.compute.batcher import Inferred
from worker.videos.decode.ask import Ask, DecodeLimits
from worker.videos.decode.process import Answer, answers
from worker.videos.files.gray16 import Gray16Writer, codes_of
from worker.videos.stable.steady import Steady, steadied

IN_FLIGHT = 8  # frames between decoder and network
_INFER_S = 100.0
_MOST_ANSWER_BYTES = 8 * 1024 * 1024  # tensor at the network's size, picture at half of it
Submit = Callable[[NDArray[np.float32]], "Future[Inferred]"]


def steady_frames(
    video: BinaryIO, piece: Piece, facts: VideoFacts, limits: DecodeLimits, submit: Submit
) -> Generator[Steady | None, None, None]:
    """Yield steady depth for each of `piece.own` in order; None: the video has no such frame.

    Raises InputError of the video, DecoderCrashed, and what the engine raises.
    """
    around = (*piece.before, *piece.own, *piece.after)
    names: list[int] = []
    question = Ask("tensors", limits, want=around, exact=facts.exact)
    due = deque(piece.own)
    with closing(answers(video, question, _MOST_ANSWER_BYTES)) as got:
        for steady in steadied(_with_depth(got, submit, names, frozenset(around)), 0):
            name = names[steady.index]
            while due and due[0] < name:
                due.popleft()
                yield None
            if due and due[0] == name:
                due.popleft()
                yield steady
    yield from (None for _ in due)


def _with_depth(
    got: Iterator[Answer], submit: Submit, names: list[int], wanted: frozenset[int]
) -> Iterator[tuple[NDArray[np.uint8], NDArray[np.float32]]]:
    """Yield picture and depth of each frame, several on their way; `names` gets their names."""
    flying: deque[tuple[NDArray[np.uint8], Future[Inferred]]] = deque()
    for meta, data in got:
        name, tensor, small = _frame(meta, data)
        if name not in wanted or (names and name <= names[-1]):
            raise DecoderCrashed("The process that decodes the video sent a frame twice.")
        names.append(name)
        flying.append((small, submit(tensor)))
        if len(flying) >= IN_FLIGHT:
            rgb, future = flying.popleft()
            yield rgb, future.result(_INFER_S).depth
    for rgb, future in flying:
        yield rgb, future.result(_INFER_S).depth


def _frame(
    meta: dict[str, object], data: bytearray
) -> tuple[int, NDArray[np.float32], NDArray[np.uint8]]:
    """Return name, tensor and picture of an answer. Nothing in it is trusted."""
    try:
        width, height = (int(side) for side in meta["size"])  # type: ignore[attr-defined]
        name = int(meta["frame"])  # type: ignore[call-overload]
        tensor = np.frombuffer(data, np.float32, 3 * height * width).reshape(3, height, width)
        small = np.frombuffer(data, np.uint8, offset=tensor.nbytes)
        small = small.reshape(height // 2, width // 2, 3)
    except (KeyError, TypeError, ValueError) as exc:
        raise DecoderCrashed("The process that decodes the video made no sense.") from exc
    if not np.isfinite(tensor).all():
        raise DecoderCrashed("The process that decodes the video sent no numbers.")
    return name, tensor, small


class SegmentFile:
    """Keeps depth as codes and says for each frame what is needed to read them."""

    def __init__(self) -> None:
        self._file = io.BytesIO()
        self._writer: Gray16Writer | None = None

    def add(self, steady: Steady, at_s: float) -> FrameFacts:
        """Append a frame shown from `at_s` on."""
        codes, low, high = codes_of(steady.depth)
        if self._writer is None:
            self._writer = Gray16Writer(self._file, codes.shape[1], codes.shape[0])
        self._writer.add(codes, at_s)
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
        if self._writer is not None:
            self._writer.close()
        return self._file.getvalue()
