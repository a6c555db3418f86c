"""The process that decodes one piece of a video: `python -m worker.videos.decode.child ASK < FILE`.

Answers on its standard output: first about the video, then its frames, then the end. Confined
before it reads a byte; nothing it says is trusted.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from contract.errors import DepthqError, VideoTooLarge, VideoUndecodable
from contract.models.input_rule import InputRule
from worker.confine import confine
from worker.imaging import frames as wire
from worker.imaging.limits import fitted
from worker.videos.decode.ask import Ask

_TIMES_AT_ONCE = 400
_ALIVE_S = 1.0


Tensors = Callable[[NDArray[np.uint8], InputRule], tuple[Any, ...]]


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


def main() -> None:
    """Answer one ask about the file on standard input."""
    ask = Ask.from_json(sys.argv[1])
    answers = os.dup(1)
    os.dup2(2, 1)  # output of libraries must not reach the answers
    tensors = _loaded() if ask.mode == "tensors" else None
    opened = _reader(0)
    confine.confine(ask.limits.memory_bytes)
    confine.allow(ask.limits.timeout_s)
    say = _Out(answers, ask.limits.timeout_s)
    try:
        _answer(ask, opened(0, ask.limits.max_pixels), say, tensors)
    except DepthqError as error:
        say({"error": error.code, "message": error.message})
    except MemoryError:
        message = "Decoding the video needs more memory than a decoder is given."
        say({"error": VideoTooLarge.code, "message": message})
    except Exception as error:  # reported to the parent, which raises an error
        say({"error": "internal", "message": repr(error)[:500]})
    os._exit(0)  # codecs may hang in their destructors


def _reader(fd: int) -> Callable[[int, int], Any]:
    """Return what opens the file `fd`, with all it needs imported."""
    if os.pread(fd, 4, 0) == b"PK\x03\x04":
        from worker.videos.decode import sequence

        sequence.get_ready()
        return sequence.Sequence
    from worker.videos.decode import container

    container.get_ready()
    return container.Video


def _loaded() -> Tensors:
    """Return what only one mode needs: OpenCV takes a third of a second to load."""
    from worker.videos.decode.tensors import tensors

    return tensors


def _answer(ask: Ask, video: Any, say: _Out, tensors: Tensors | None) -> None:
    if ask.mode == "sound":
        if video.sound is not None:
            for at, part in video.samples(ask.start_s, ask.end_s):
                say({"samples": len(part), "at": at}, np.ascontiguousarray(part).data.cast("B"))
    elif ask.mode == "scan":
        _scan(video, ask, say)
    else:
        _pieces(video, ask, say, tensors)
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


def _pieces(video: Any, ask: Ask, say: _Out, tensors: Tensors | None) -> None:
    """Send the wanted frames in order, those that are there."""
    size = fitted(*ask.size, ask.max_side) if ask.size and ask.max_side else ask.size
    for name, frame in _wanted(video, ask, say):
        rgb = video.rgb(frame, size)
        if rgb is None:
            continue
        if tensors is None:
            shape, *data = (rgb.shape[1], rgb.shape[0]), rgb
        else:
            shape, *data = tensors(rgb, ask.rule)
        say({"frame": name, "size": shape}, *(part.data.cast("B") for part in data))


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


if __name__ == "__main__":
    main()
