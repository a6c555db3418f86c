"""A frame as the writers get it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from worker.videos.files.codes import Codes, depth_of


@dataclass(frozen=True)
class Frame:
    """One frame, ready to be written; see worker.videos.shots."""

    index: int
    at: float  # seconds from the first frame
    codes: Codes
    low: float
    high: float
    bottom: float
    top: float
    shot: int
    pixels: NDArray[np.uint8] | None = None

    def depth(self) -> NDArray[np.float32]:
        """Return the depth, float32 (h, w), in the scale of the shot."""
        return depth_of(self.codes, self.low, self.high)
