"""What a renderer works on, and what it gives back."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np
from numpy.typing import NDArray

from contract.errors import InternalError
from contract.jobs import DepthInfo, ModelInfo
from contract.options import JobOptions
from contract.outputs.refine import RefineOptions
from contract.outputs.subject_options import SubjectOptions, place
from worker.outputs.encoding.guided import guided_upsample
from worker.outputs.encoding.matting import matte
from worker.outputs.encoding.subject import Subject, find_subject
from worker.outputs.encoding.upsample import Floats, upsample


@dataclass(frozen=True)
class View:
    """One image as renderers see it. Renderers share it, so nothing is computed twice.

    `depth` is float32 (h, w) at the network's size, larger is nearer; `width` and `height` are the
    upright image's. `shared_range` is the depth at both ends of a scale that several images share;
    None: the image's own. `pixels` (RGB uint8 (height, width, 3)) and `focal_35mm` (mm, as EXIF
    tells it) are there only if an output needs them.
    """

    depth: Floats
    options: JobOptions
    width: int
    height: int
    model: ModelInfo
    shared_range: tuple[float, float] | None = None
    pixels: NDArray[np.uint8] | None = None
    focal_35mm: float | None = None

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of pictures that are made: the image's, or the network's."""
        if self.options.size == "original":
            return self.width, self.height
        return self.depth.shape[1], self.depth.shape[0]

    @cached_property
    def net_range(self) -> tuple[float, float]:
        """Least and greatest depth as the network gave it."""
        return finite_range(self.depth)

    @cached_property
    def values(self) -> Floats:
        """Depth at `size`, float32, brought there as the option `refine` says."""
        if self.guided and self.pixels is not None:
            return guided_upsample(self.depth, self.pixels)
        return upsample(self.depth, *self.size)

    @cached_property
    def subject(self) -> Subject:
        """The one thing that stands out by depth, or what lies at the option `at`."""
        return find_subject(self.depth, place(self.options.of(SubjectOptions).at))

    @cached_property
    def alpha(self) -> NDArray[np.uint8]:
        """How much of each pixel is the subject, uint8, at `size`; needs `pixels`."""
        return matte(self.subject.mask, self.photograph)

    @cached_property
    def photograph(self) -> NDArray[np.uint8]:
        """The photograph at `size`, uint8 (height, width, 3), RGB."""
        if self.pixels is None:
            raise InternalError("the output needs the photograph, and its pixels were not kept")
        if self.pixels.shape[1::-1] == self.size:
            return self.pixels
        small = cv2.resize(self.pixels, self.size, interpolation=cv2.INTER_AREA)
        return np.asarray(small, np.uint8)

    @property
    def guided(self) -> bool:
        """Whether edges follow the photograph; at the network's size there is nothing to refine."""
        refine = self.options.of(RefineOptions).refine
        return refine == "guided" and self.options.size == "original"

    @cached_property
    def info(self) -> DepthInfo:
        """What the numbers mean: the range at `size`, for bicubic resizing overshoots a little."""
        low, high = finite_range(self.values)
        return DepthInfo(min=low, max=high)


@dataclass(frozen=True)
class Rendering:
    """The bytes of one file, and its width and height in px if it is a picture."""

    data: bytes
    size: tuple[int, int] | None


Renderer = Callable[[View], Rendering]


def finite_range(depth: Floats) -> tuple[float, float]:
    """Return least and greatest value. Raises InternalError if one is not finite."""
    low, high = float(depth.min()), float(depth.max())
    if not (math.isfinite(low) and math.isfinite(high)):  # NaN spreads into both
        raise InternalError("the network gave depth that is not finite")
    return low, high
