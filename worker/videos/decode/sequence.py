"""A zip of numbered images as a video without times. Runs in the confined child."""

from __future__ import annotations

import codecs
import re
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

import cv2
import numpy as np
from numpy.typing import NDArray

from contract.errors import (
    InputError,
    UnsupportedMediaType,
    VideoTooLarge,
    VideoUndecodable,
)
from contract.image_header import check_limits, read_header
from worker.imaging import pillow
from worker.imaging.decode import decode
from worker.videos.decode.ask import VideoInfo
from worker.videos.decode.file import OpenFile

NUMBERED = re.compile(
    r"(?:.*/)?(?!\.)[^/]*?(\d+)\.(?:jpe?g|png|webp|avif|heic)", re.IGNORECASE
)  # names
MOST_IMAGE_BYTES = 64 * 1024 * 1024
_MOST_ENTRIES = 1_000_000
_BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError, RuntimeError)
Pixels = NDArray[np.uint8]


def get_ready() -> None:
    """Load what decoders otherwise load at their first image."""
    pillow.get_ready()
    codecs.lookup("cp437")  # of names in zips


@dataclass(frozen=True)
class Still:
    """An image, where a frame of a video would be."""

    entry: zipfile.ZipInfo
    pts: int | None = None


class Sequence:
    """The images of a zip in the order of their numbers; the same calls as Video has."""

    sound = None
    time_base = Fraction(1, 1000)

    def __init__(self, fd: int, max_pixels: int) -> None:
        cv2.setNumThreads(1)
        self._max_pixels = max_pixels
        self.damaged = 0
        try:
            self._zip = zipfile.ZipFile(OpenFile(fd))
        except _BROKEN as exc:
            raise VideoUndecodable("The zip of images cannot be read.") from exc
        if len(self._zip.filelist) > _MOST_ENTRIES:
            raise VideoTooLarge(f"The zip has more than {_MOST_ENTRIES} entries.")
        numbered = [
            (int(found[1]), entry.filename, entry)
            for entry in self._zip.filelist
            if (found := NUMBERED.fullmatch(entry.filename)) and "__MACOSX" not in entry.filename
        ]
        self._entries = [entry for _, _, entry in sorted(numbered, key=lambda one: one[:2])]
        if not self._entries:
            raise UnsupportedMediaType(
                "The zip has no numbered images: name them 000001.jpg, 000002.jpg and so on."
            )

    def info(self, frame: Still) -> VideoInfo:
        """Return the description of the sequence of which `frame` is the first."""
        rgb = self._read(frame.entry)
        if rgb is None:
            raise VideoUndecodable("The first image of the zip cannot be read.")
        return VideoInfo(rgb.shape[1], rgb.shape[0], (1, 1000), "images", sound=False)

    def frames(self) -> Iterator[Still]:
        """Yield the images, not yet read: those that are not wanted cost nothing."""
        return (Still(entry) for entry in self._entries)

    def frames_from(self, time: int) -> Iterator[Still]:  # noqa: ARG002 - there are no times
        """Yield all images."""
        return self.frames()

    def rewind(self) -> None:
        """Nothing: every image can be read at any time."""

    def samples(self, start_s: float, end_s: float | None) -> Iterator[tuple[int, Pixels]]:  # noqa: ARG002
        """Yield nothing: images make no sound."""
        return iter(())

    def rgb(self, frame: Still, size: tuple[int, int] | None) -> Pixels | None:
        """Return `frame` as large as `size` (width, height) in px; None if it cannot be read."""
        rgb = self._read(frame.entry)
        if rgb is None:
            return None
        if size is not None and (rgb.shape[1], rgb.shape[0]) != size:
            rgb = cv2.resize(rgb, size, interpolation=cv2.INTER_AREA)
        return np.ascontiguousarray(rgb)

    def _read(self, entry: zipfile.ZipInfo) -> Pixels | None:
        try:
            if entry.file_size > MOST_IMAGE_BYTES:
                raise VideoUndecodable("An image of the zip is too large.")
            with self._zip.open(entry) as file:
                data = file.read(MOST_IMAGE_BYTES)
            header = read_header(data)
            check_limits(header, self._max_pixels)
            long_side = max(header.width, header.height)
            return decode(data, header, self._max_pixels, long_side).rgb
        except (*_BROKEN, InputError):
            self.damaged += 1
            return None
