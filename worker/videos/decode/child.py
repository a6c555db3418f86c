"""The process that decodes one piece of a video: `python -m worker.videos.decode.child ASK < FILE`.

Answers on its standard output: first about the video, then its frames, then the end. Confined
before it reads a byte; nothing it says is trusted.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from typing import Any

import cv2
import numpy as np

from contract.errors import DepthqError, VideoTooLarge, VideoUndecodable
from worker.confine import confine
from worker.imaging import frames as wire
from worker.models.prepare import net_size, prepare
from worker.videos.decode.ask import Ask
from worker.videos.decode.container import Video, get_ready

_TIMES_AT_ONCE = 400
_NOTHING = memoryview(b"")


class _Out:
    """Writes answers, and lets the process live a little longer after each."""

    def __init__(self, fd: int, timeout_s: float) -> None:
        self._fd, self._timeout_s = fd, timeout_s

    def __call__(self, meta: dict[str, Any], *data: memoryview) -> None:
        confine.rest()  # a slow reader is not the video's fault
        head = wire.head_and_meta(meta, sum(len(part) for part in data))
        wire.write_all(self._fd, head, *data)
        confine.allow(self._timeout_s)


def main() -> None:
    """Answer one ask about the file on standard input."""
    ask = Ask.from_json(sys.argv[1])
    answers = os.dup(1)
    os.dup2(2, 1)  # whatever a library prints must not reach the answers
    cv2.setNumThreads(1)
    get_ready()
    confine.confine(ask.limits.memory_bytes)
    confine.allow(ask.limits.timeout_s)
    say = _Out(answers, ask.limits.timeout_s)
    try:
        _answer(ask, say)
    except DepthqError as error:
        say({"error": error.code, "message": error.message})
    except MemoryError:
        message = "Decoding the video needs more memory than a decoder is given."
        say({"error": VideoTooLarge.code, "message": message})
    except Exception as error:  # the child's last word: the parent turns it into an error of ours
        say({"error": "internal", "message": repr(error)[:500]})
    os._exit(0)  # codecs may hang in their destructors


def _answer(ask: Ask, say: _Out) -> None:
    video = Video(0, ask.limits.max_pixels)
    if ask.mode == "sound":
        if video.sound is not None:
            for at, part in video.samples(ask.start_s, ask.end_s):
                say({"samples": len(part), "at": at}, np.ascontiguousarray(part).data.cast("B"))
    elif ask.mode == "scan":
        _scan(video, ask, say)
    else:
        _pieces(video, ask, say)
    say({"end": True, "damaged": video.damaged})


def _scan(video: Video, ask: Ask, say: _Out) -> None:
    """Say the time of every frame; `exact`: they rise, so that frames can be found by them."""
    times: list[int | None] = []
    count, last, exact = 0, None, True
    for frame in video.frames():
        if count == 0:
            about = video.info(frame)
            say({"video": vars(about)})
        count += 1
        if count > ask.max_frames:
            raise VideoTooLarge(
                f"The video has more than {ask.max_frames} frames; send a part of it "
                "(start_s, end_s are applied after counting, so cut the file), or ask the "
                "operator to raise DEPTHQ_MAX_VIDEO_FRAMES."
            )
        exact = exact and frame.pts is not None and (last is None or frame.pts > last)
        last = frame.pts
        times.append(frame.pts)
        if len(times) == _TIMES_AT_ONCE:
            say({"times": times, "exact": exact})
            times = []
        else:
            confine.allow(ask.limits.timeout_s)
    if count == 0:
        raise VideoUndecodable("No frame of the video can be decoded.")
    say({"times": times, "exact": exact})


def _pieces(video: Video, ask: Ask, say: _Out) -> None:
    """Send the wanted frames in order, those that are there."""
    for name, frame in _wanted(video, ask):
        rgb = video.rgb(frame, ask.max_side if ask.mode == "pixels" else 0)
        if ask.mode == "pixels":
            say({"frame": name, "size": (rgb.shape[1], rgb.shape[0])}, rgb.data.cast("B"))
            continue
        height, width = net_size(*rgb.shape[:2])
        tensor = prepare(rgb, height, width)
        small = cv2.resize(rgb, (width, height), interpolation=cv2.INTER_AREA)
        size = {"frame": name, "size": (width, height)}
        say(size, tensor.data.cast("B"), np.ascontiguousarray(small).data.cast("B"))


def _wanted(video: Video, ask: Ask) -> Iterator[tuple[int, Any]]:
    """Yield the wanted frames by time, or, where times repeat, by their number."""
    want = frozenset(ask.want)
    if not want:
        return
    first, last = min(want), max(want)
    if not ask.exact:
        for number, frame in enumerate(video.frames()):
            if number in want:
                yield number, frame
            if number >= last:
                return
        return
    began = False
    found = video.frames_from(first)
    while (frame := next(found, None)) is not None:
        if not began and (frame.pts is None or frame.pts > first):
            video.rewind()  # sought too far: the index lies, or there is none
            found, began = video.frames(), True
            continue
        began = True
        if frame.pts in want:
            yield frame.pts, frame
        if frame.pts is not None and frame.pts >= last:
            return


if __name__ == "__main__":
    main()
