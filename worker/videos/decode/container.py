"""One open video: its frames in order, upright, with their times. Runs in the confined child."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

from contract.errors import UnsupportedMediaType, VideoTooLarge
from worker.videos.decode.ask import VideoInfo
from worker.videos.decode.file import OpenFile

_THREADS = 2  # frames are decoded this many at once, each with its memory
_SEEK_MARGIN_S = 0.5
_MOST_BROKEN = 200  # packets in a row that give no frame
_SOUND_RATE = 48_000
_OPTIONS = {"probesize": "5000000", "analyzeduration": "5000000", "max_streams": "64"}
_NOT_A_VIDEO = "This is no video that can be read: MP4, MOV, MKV, WebM, AVI or GIF."


def get_ready() -> None:
    """Import all of PyAV, which otherwise opens its modules when a stream needs them."""
    for module in pkgutil.walk_packages(av.__path__, "av."):
        if not module.name.startswith(("av.__main__", "av.datasets")):
            importlib.import_module(module.name)


class Video:
    """A container on the open file `fd`. Errors are InputErrors of the video."""

    def __init__(self, fd: int, max_pixels: int) -> None:
        self._fd, self._max_pixels = fd, max_pixels
        self.damaged = 0
        self.rewind()
        self.sound = next((s for s in self._container.streams.audio if s.codec_context), None)
        self.time_base = self._stream.time_base or Fraction(1, 1000)

    def rewind(self) -> None:
        """Open the file anew: not every container can be sought back to its start."""
        try:
            self._container = av.open(OpenFile(self._fd), options=_OPTIONS)
        except MemoryError:  # which the library's error is, too: no fault of the file
            raise
        except (av.FFmpegError, ValueError) as exc:
            raise UnsupportedMediaType(_NOT_A_VIDEO) from exc
        streams = [s for s in self._container.streams.video if not _is_cover(s)]
        if not streams:
            raise UnsupportedMediaType("There is no video in this file.")
        self._stream = streams[0]
        context = self._stream.codec_context
        if context is None:
            raise UnsupportedMediaType("The video's format is not one that can be decoded.")
        if context.width * context.height > self._max_pixels:
            raise VideoTooLarge(
                f"A frame of {context.width} x {context.height} px is larger than the "
                f"{self._max_pixels} px that are accepted."
            )
        context.thread_type, context.thread_count = "AUTO", _THREADS
        context.options = {"max_pixels": str(self._max_pixels)}

    def info(self, frame: Any) -> VideoInfo:
        """Return the description of the video of which `frame` is the first."""
        width, height = self._upright_size(frame)
        base = (self.time_base.numerator, self.time_base.denominator)
        return VideoInfo(
            width, height, base, self._stream.codec_context.name, self.sound is not None
        )

    def frames(self) -> Iterator[Any]:
        """Yield the frames from here on in order of presentation; broken packets are passed."""
        broken = 0
        packets = self._container.demux(self._stream)
        while True:
            try:
                packet = next(packets, None)
                if packet is None:
                    return
                found = packet.decode()
                broken = 0
            except MemoryError:
                raise
            except (av.FFmpegError, ValueError):
                self.damaged += 1
                broken += 1
                if broken > _MOST_BROKEN:
                    return
                continue
            for frame in found:
                if frame.width * frame.height > self._max_pixels:
                    raise VideoTooLarge("A frame inside the video is larger than accepted.")
                yield frame

    def frames_from(self, time: int) -> Iterator[Any]:
        """Yield the frames from a key frame before `time` (in units of `time_base`) on.

        From the start if the container cannot be sought. The caller compares times.
        """
        margin = int(_SEEK_MARGIN_S / self.time_base)
        try:
            self._container.seek(time - margin, stream=self._stream, backward=True)
        except MemoryError:
            raise
        except (av.FFmpegError, ValueError, OverflowError):
            self.rewind()
        return self.frames()

    def rgb(self, frame: Any, size: tuple[int, int] | None) -> NDArray[np.uint8]:
        """Return `frame` upright, uint8 (h, w, 3), as large as `size` (width, height) in px.

        A video may change its size on the way; None: as the frame is.
        """
        width, height = size or self._upright_size(frame)
        turns = _quarter_turns(frame)
        lying = (height, width) if turns % 2 else (width, height)
        made = frame.reformat(*lying, format="rgb24", interpolation="BICUBIC")
        return np.ascontiguousarray(np.rot90(made.to_ndarray(), turns))

    def _upright_size(self, frame: Any) -> tuple[int, int]:
        width, height = frame.width, frame.height
        aspect = self._stream.sample_aspect_ratio
        if aspect and Fraction(1, 4) < aspect < 4 and aspect != 1:  # pixels that are not square
            width = max(1, round(width * aspect))
        return (height, width) if _quarter_turns(frame) % 2 else (width, height)

    def samples(
        self, start_s: float, end_s: float | None
    ) -> Iterator[tuple[int, NDArray[np.int16]]]:
        """Yield the sound from `start_s` to `end_s`: the number of the first sample from `start_s`
        on, and samples, int16 (n, 2) at 48 kHz. Gaps are not kept.
        """
        assert self.sound is not None  # noqa: S101 - the caller looks
        resampler = av.AudioResampler(format="s16", layout="stereo", rate=_SOUND_RATE)
        at, last = round(start_s * _SOUND_RATE), None
        until = None if end_s is None else round(end_s * _SOUND_RATE)
        for packet in self._container.demux(self.sound):
            try:
                found = packet.decode()
            except MemoryError:
                raise
            except (av.FFmpegError, ValueError):
                continue
            for frame in found:
                for part in resampler.resample(frame):
                    begin = _sample_number(part, last)
                    data = part.to_ndarray().reshape(-1, 2)
                    last = begin + len(data)
                    stop = len(data) if until is None else max(0, min(len(data), until - begin))
                    skipped = max(0, at - begin)
                    if skipped < stop:
                        yield begin + skipped - at, data[skipped:stop]
                    if until is not None and last >= until:
                        return


def _sample_number(part: Any, last: int | None) -> int:
    if last is not None or part.pts is None:
        return last or 0
    return max(0, int(part.pts * part.time_base * _SOUND_RATE))


def _quarter_turns(frame: Any) -> int:
    turns: int = round((frame.rotation or 0) / 90) % 4
    return turns


def _is_cover(stream: Any) -> bool:
    return bool(stream.disposition & av.stream.Disposition.attached_pic)
