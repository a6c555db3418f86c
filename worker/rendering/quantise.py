"""Floats → integers that span the full range, in strips that stay in the cache."""

from __future__ import annotations

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from worker.rendering.upsample import Floats

_STRIP_PIXELS = 65_536  # float32: 256 KiB, within a core's second-level cache
Code = TypeVar("Code", np.uint8, np.uint16)


def quantise(depth: Floats, low: float, high: float, kind: type[Code]) -> NDArray[Code]:
    """Return round((depth - low) / (high - low) * most), clipped to `kind`, shape as `depth`.

    Subtracting first keeps the result exact within half a step whatever the offset. All zeros
    if `high` equals `low`.
    """
    most = np.iinfo(kind).max
    codes = np.empty(depth.shape, kind)
    scale = np.float32(most / (high - low) if high > low else 0.0)
    rows = max(1, _STRIP_PIXELS // depth.shape[1])
    for top in range(0, depth.shape[0], rows):
        strip = depth[top : top + rows] - np.float32(low)
        strip *= scale
        strip += np.float32(0.5)
        np.clip(strip, 0, most, out=strip)
        codes[top : top + rows] = strip  # truncates: with the half added, it rounds
    return codes
