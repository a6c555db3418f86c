"""The process that decodes one piece of a video, the open file on its standard input.

Answers on its standard output: first about the video, then its frames, then the end. Confined
before it reads a byte; nothing it says is trusted. Forked by `worker.confine.fork_server`.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from contract.errors import DepthqError, VideoTooLarge, VideoUndecodable
from worker.confine import confine
from worker.imaging import frames as wire
from worker.imaging.limits import fitted
from worker.videos.decode import container, sequence
from worker.videos.decode.ask import Ask
from worker.videos.decode.tensors import tensors

_TIMES_AT_ONCE = 400
_ALIVE_S = 1.0


class _Out:
    """Writes answers, and lets the process live a little longer after each."""

    def __init__(self, fd: int, timeout_s: float) -> None:
        self._fd, self._timeout_s = fd, timeout_s
        self._said_at = time.monotonic()

    def __call__(self, meta: dict[str, Any], *data: memoryview) -> None:
        confine.rest()  # a slow reader is not the video's fault
        head = wire.head_and_meta(meta, sum(len(part) for part in data))
        wire.write_all(self._fd, head, *data)
        self._said_at = time.monotonic()
        confine.allow(self._timeout_s)

    def alive(self, frames: Iterator[Any]) -> Iterator[Any]:
        """Yield `frames`, with a heartbeat while none of them needs an answer."""
        for frame in frames:
            if time.monotonic() - self._said_at > _ALIVE_S:
                self({"alive": True})
            else:
                confine.allow(self._timeout_s)
            yield frame


def get_ready() -> None:
    """Load, for all forks, what decoders otherwise load when they need it."""
    container.get_ready()
    sequence.get_ready()


def main(argument: str) -> None:
    """Answer one ask about the file on standard input."""
    ask = Ask.from_json(argument)
    answers = os.dup(1)
    os.dup2(2, 1)  # output of libraries must not reach the answers
    confine.confine(ask.limits.memory_bytes)
    confine.allow(ask.limits.timeout_s)
    say = _Out(answers, ask.limits.timeout_s)
    try:
        _answer(ask, _opened(0, ask.limits.max_pixels), say)
    except DepthqError as error:
        say({"error": error.code, "message": error.message})
    except MemoryError:
        message = "Decoding the video needs more memory than a decoder is given."
        say({"error": VideoTooLarge.code, "message": message})
    except Exception as error:  # reported to the parent, which raises an error
        say({"error": "internal", "message": repr(error)[:500]})
    os._exit(0)  # codecs may hang in their destructors


def _opened(fd: int, max_pixels: int) -> Any:
    kind = sequence.Sequence if os.pread(fd, 4, 0) == b"PK\x03\x04" else container.Video
    return kind(fd, max_pixels)


def _answer(ask: Ask, video: Any, say: _Out) -> None:
    if ask.mode == "sound":
        if video.sound is not None:
            for at, part in video.samples(ask.start_s, ask.end_s):
                say({"samples": len(part), "at": at}, np.ascontiguousarray(part).data.cast("B"))
    elif ask.mode == "scan":
        _scan(video, ask, say)
    else:
        _pieces(video, ask, say)
    say({"end": True, "damaged": video.damaged})


def _scan(video: Any, ask: Ask, say: _Out) -> None:
    """Say the time of every frame; `exact`: they rise, so that frames can be found by them."""
    times: list[int | None] = []
    count, last, exact = 0, None, True
    for frame in say.alive(video.frames()):
        if count == 0:
            about = video.info(frame)
            say({"video": vars(about)})
        count += 1
        if count > ask.max_frames:
            raise VideoTooLarge(
                f"The video has more than {ask.max_frames} frames: cut the file, or "
                "ask the operator to raise DEPTHQ_MAX_VIDEO_FRAMES."
            )
        exact = exact and frame.pts is not None and (last is None or frame.pts > last)
        last = frame.pts
        times.append(frame.pts)
        if len(times) == _TIMES_AT_ONCE:
            say({"times": times, "exact": exact})
            times = []
    if count == 0:
        raise VideoUndecodable("No frame of the video can be decoded.")
    say({"times": times, "exact": exact})


def _pieces(video: Any, ask: Ask, say: _Out) -> None:
    """Send the wanted frames in order, those that are there."""
    size = fitted(*ask.size, ask.max_side) if ask.size and ask.max_side else ask.size
    for name, frame in _wanted(video, ask, say):
        rgb = video.rgb(frame, size)
        if rgb is None:
            continue
        shape: tuple[int, int] = (rgb.shape[1], rgb.shape[0])
        parts: tuple[NDArray[Any], ...] = (rgb,)
        if ask.mode == "tensors":
            shape, tensor, small = tensors(rgb, ask.rule)
            parts = (tensor, small)
        say({"frame": name, "size": shape}, *(part.data.cast("B") for part in parts))


def _wanted(video: Any, ask: Ask, say: _Out) -> Iterator[tuple[int, Any]]:
    """Yield the wanted frames by time, or, where times repeat, by their number."""
    want = frozenset(ask.want)
    if not want:
        return
    first, last = min(want), max(want)
    if not ask.exact:
        for number, frame in enumerate(say.alive(video.frames())):
            if number in want:
                yield number, frame
            if number >= last:
                return
        return
    began = False
    found = say.alive(video.frames_from(first))
    while (frame := next(found, None)) is not None:
        if not began and (frame.pts is None or frame.pts > first):
            video.rewind()  # sought too far: the index is wrong or missing
            found, began = say.alive(video.frames()), True
            continue
        began = True
        if frame.pts in want:
            yield frame.pts, frame
        if frame.pts is not None and frame.pts >= last:
            return
