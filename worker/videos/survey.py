"""Decodes a video once from end to end: what its header says of it is not trusted."""

from __future__ import annotations

import time
from contextlib import closing
from dataclasses import dataclass
from fractions import Fraction
from typing import BinaryIO

from contract.errors import DecoderCrashed, VideoTooLarge, VideoUndecodable
from contract.videos import VideoFacts, VideoSpec
from worker.videos import pieces
from worker.videos.decode.ask import Ask, DecodeLimits, VideoInfo
from worker.videos.decode.process import answers

_MOST_ANSWER_BYTES = 64 * 1024
_MOST_S = 3_600.0  # each frame has its own limit; this is for very many slow ones


@dataclass(frozen=True)
class Survey:
    """A video's facts, and the frames taken: by what a decoder finds them, and when, in seconds."""

    facts: VideoFacts
    names: list[int]
    seconds: list[float]


def survey(
    video: BinaryIO, spec: VideoSpec, limits: DecodeLimits, max_frames: int, max_s: float
) -> Survey:
    """Return what is in `video` and what `spec` takes of it.

    Raises UnsupportedMediaType, VideoUndecodable, VideoTooLarge, DecoderCrashed.
    """
    times: list[int | None] = []
    until = time.monotonic() + _MOST_S
    info, exact = None, True
    question = Ask("scan", limits, max_frames=max_frames)
    with closing(answers(video, question, _MOST_ANSWER_BYTES)) as said:
        for meta, _ in said:
            if time.monotonic() > until:
                raise VideoTooLarge("Decoding the video once takes too long.")
            try:
                if "video" in meta:
                    info = VideoInfo.from_meta(meta["video"])
                    continue
                times += [None if time is None else int(time) for time in meta["times"]]
                exact = exact and bool(meta["exact"])
            except (KeyError, TypeError, ValueError) as exc:
                raise DecoderCrashed("The process that decodes the video made no sense.") from exc
    if info is None or not times:
        raise VideoUndecodable("No frame of the video can be decoded.")
    return _taken(info, times, exact, spec, max_s)


def _taken(
    info: VideoInfo, times: list[int | None], exact: bool, spec: VideoSpec, max_s: float
) -> Survey:
    names = [time for time in times if time is not None] if exact else list(range(len(times)))
    seconds = pieces.seconds(names, exact, Fraction(*info.time_base), spec.frames_fps)
    chosen = pieces.chosen(seconds, spec)
    if not chosen:
        raise VideoUndecodable(
            f"No frame lies between start_s and end_s: the video is {seconds[-1]:.1f} s long."
        )
    if (length := seconds[chosen[-1]] - seconds[chosen[0]]) > max_s:
        raise VideoTooLarge(
            f"The video is {length:.0f} s long, and {max_s:.0f} s are accepted: ask for a part "
            "with start_s and end_s."
        )
    facts = VideoFacts(
        width=info.width,
        height=info.height,
        time_base=info.time_base,
        codec=info.codec,
        sound=info.sound,
        exact=exact,
        frames=len(times),
        chosen=len(chosen),
    )
    return Survey(facts, [names[i] for i in chosen], [seconds[i] for i in chosen])
