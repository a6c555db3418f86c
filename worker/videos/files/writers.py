"""One writer per output of a video; each gets every frame in order."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import BinaryIO, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from contract.videos import SIDECAR_FILE, VIDEO_FILES, VideoOutput, VideoSpec
from worker.outputs.heatmap import Shades, heatmap
from worker.videos.files.codes import LEVELS
from worker.videos.files.frame import Frame
from worker.videos.files.gray16 import Gray16Writer
from worker.videos.files.movie import PAINTED, PICTURES, Movie, Sound, even
from worker.videos.files.planes import Palette, beside, planes_of
from worker.videos.files.tables import ExrZip, Npz, Parquet, PngZip
from worker.videos.files.webp import Preview


@dataclass(frozen=True)
class Making:
    """What all writers of a video know."""

    width: int
    height: int
    spec: VideoSpec
    shades: Shades
    count: int
    origin: str
    sound: Callable[[], Sound] | None

    @property
    def needs_pixels(self) -> bool:
        """Whether the video's own frames are needed."""
        return "side_by_side" in self.spec.outputs

    def painted(self, frame: Frame, width: int, height: int) -> NDArray[np.uint8]:
        """Return the frame's heat map, BGR uint8 (height, width, 3)."""
        pixels = heatmap(frame.depth(), frame.bottom, frame.top, self.shades, width, height)
        return pixels if pixels.ndim == 3 else cv2.cvtColor(pixels, cv2.COLOR_GRAY2BGR)


class Writer(Protocol):
    """Writes one file."""

    def add(self, frame: Frame) -> None:
        """Append a frame."""

    def close(self) -> None:
        """Finish the file, which stays open."""


def writers(making: Making, open_file: Callable[[str], BinaryIO]) -> list[Writer]:
    """Return a writer for each output of the spec; `open_file` opens a file by its name."""
    made: dict[VideoOutput, Callable[[BinaryIO], Writer]] = {
        "heatmap": lambda file: _HeatMovie(file, making),
        "side_by_side": lambda file: _SideBySide(file, making),
        "depth": lambda file: _Lossless(file, open_file(SIDECAR_FILE), making.origin),
        "depth_png": lambda file: PngZip(file, making.origin),
        "depth_exr": lambda file: ExrZip(file, making.origin),
        "depth_npz": lambda file: Npz(file, making.count, making.origin),
        "preview": lambda file: Preview(file, making.count, making.painted, making.origin),
        "parquet": lambda file: Parquet(file, making.origin),
    }
    return [made[name](open_file(VIDEO_FILES[name])) for name in making.spec.outputs]


class _HeatMovie:
    def __init__(self, file: BinaryIO, making: Making) -> None:
        self._palette = Palette(making.shades)
        self._size = even(making.width, making.height, making.spec.max_side)
        sound = making.sound() if making.sound else None
        self._movie = Movie(file, *self._size, PAINTED, making.origin, sound)

    def add(self, frame: Frame) -> None:
        self._movie.add(self._palette.painted(frame, *self._size), frame.at)

    def close(self) -> None:
        self._movie.close()


class _SideBySide:
    """The video on the left, its heat map on the right."""

    def __init__(self, file: BinaryIO, making: Making) -> None:
        self._palette = Palette(making.shades)
        self._size = even(making.width, making.height, making.spec.max_side)
        width, height = self._size
        sound = making.sound() if making.sound else None
        self._movie = Movie(file, 2 * width, height, PICTURES, making.origin, sound)

    def add(self, frame: Frame) -> None:
        assert frame.pixels is not None  # noqa: S101 - Making.needs_pixels
        own = planes_of(frame.pixels, *self._size)
        self._movie.add(beside(own, self._palette.painted(frame, *self._size)), frame.at)

    def close(self) -> None:
        self._movie.close()


class _Lossless:
    """Depth as it is, at the network's size; the sidecar says what the codes mean."""

    def __init__(self, file: BinaryIO, sidecar: BinaryIO, origin: str) -> None:
        self._file, self._sidecar, self._origin = file, sidecar, origin
        self._writer: Gray16Writer | None = None
        said = f'{{"depth": "scale * code + shift", "origin": {json.dumps(origin)}, "frames": [\n'
        self._line = said.encode()

    def add(self, frame: Frame) -> None:
        if self._writer is None:
            height, width = frame.codes.shape
            self._writer = Gray16Writer(self._file, width, height, self._origin)
        self._writer.add(frame.codes, frame.at)
        self._sidecar.write(self._line + json.dumps(_meaning(frame)).encode())
        self._line = b",\n"

    def close(self) -> None:
        self._sidecar.write(b"\n]}\n")
        if self._writer is not None:
            self._writer.close()


def _meaning(frame: Frame) -> dict[str, float]:
    return {
        "frame": frame.index,
        "seconds": round(frame.at, 6),
        "shot": frame.shot,
        "scale": (frame.high - frame.low) / LEVELS,
        "shift": frame.low,
    }
