"""A video that browsers and phones play: H.264 with 4:2:0 colors in MP4, sound as AAC."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Any, BinaryIO

import av
import numpy as np
from numpy.typing import NDArray

from worker.videos.files.planes import Planes

Part = tuple[int, NDArray[np.int16]]  # number of the first sample, samples (n, 2)
Sound = Iterator[Part]
_BASE = Fraction(1, 90_000)
_SOUND_RATE = 48_000
_SOUND_AHEAD_S = 0.5
_BT709 = 1
# Options of libx264. Heat maps are smooth: its least effort, with the filter that hides blocks,
# leaves half the error of "veryfast" in a third of the time, and two and a half times the bytes.
# Pictures: as "veryfast" in bytes and error, in half the time.
PAINTED = {"preset": "ultrafast", "crf": "20", "x264-params": "deblock=1,1:cabac=1"}
PICTURES = {"preset": "superfast", "crf": "21"}


class Movie:
    """Frames (worker.videos.files.planes) to `file`, unbuffered and with a name: it is read again
    at the end, to move the index to the front. `quality`: PAINTED or PICTURES. `origin` becomes
    the file's comment.

    Times are kept, whatever their steps. Two threads always: what the encoder makes depends on
    their number.
    """

    def __init__(
        self,
        file: BinaryIO,
        width: int,
        height: int,
        quality: Mapping[str, str],
        origin: str,
        sound: Sound | None = None,
    ) -> None:
        options = {"movflags": "+faststart", "fflags": "+bitexact"}
        self._out = av.open(file, "w", format="mp4", options=options)
        self._out.metadata["comment"] = origin
        self._stream = self._out.add_stream("libx264", rate=30, options=dict(quality))
        context = self._stream.codec_context
        context.width, context.height, context.pix_fmt = width, height, "yuv420p"
        context.time_base, context.thread_count = _BASE, 2
        context.color_primaries = context.color_trc = context.colorspace = _BT709
        self._sound, self._voice = sound, None
        self._waiting: Part | None = None
        if sound is not None:
            self._voice = self._out.add_stream("aac", rate=_SOUND_RATE, layout="stereo")
        self._last = -1

    def add(self, planes: Planes, at_s: float) -> None:
        """Append a frame shown from `at_s` on, and the sound up to there."""
        frame = av.VideoFrame.from_ndarray(planes, format="yuv420p")
        self._last = max(self._last + 1, round(at_s / _BASE))
        frame.pts, frame.time_base = self._last, _BASE
        self._out.mux(self._stream.encode(frame))
        self._speak(at_s + _SOUND_AHEAD_S)

    def close(self) -> None:
        """Write the rest of the sound and finish the file, which stays open."""
        self._out.mux(self._stream.encode(None))
        self._speak(float("inf"))
        if self._voice is not None:
            self._out.mux(self._voice.encode(None))
        self._out.close()

    def _speak(self, until_s: float) -> None:
        while self._sound is not None:
            part = self._waiting or next(self._sound, None)
            self._waiting = part
            if part is None or part[0] > until_s * _SOUND_RATE:
                return
            self._waiting = None
            self._out.mux(self._voice.encode(_audio(*part)))  # type: ignore[union-attr]


def _audio(at: int, samples: NDArray[np.int16]) -> Any:
    frame = av.AudioFrame.from_ndarray(samples.reshape(1, -1), format="s16", layout="stereo")
    frame.sample_rate, frame.pts, frame.time_base = _SOUND_RATE, at, Fraction(1, _SOUND_RATE)
    return frame


def even(width: int, height: int, max_side: int) -> tuple[int, int]:
    """Return the size of a movie of a video: within `max_side`, both sides even."""
    scale = min(1.0, max_side / max(width, height))
    return tuple(max(2, round(side * scale) // 2 * 2) for side in (width, height))  # type: ignore[return-value]
