"""Floats → integers that span the full range, in strips that stay in the cache."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from worker.outputs.encoding.upsample import Floats

_STRIP_PIXELS = 65_536  # float32: 256 KiB, within a core's second-level cache
Code = TypeVar("Code", np.uint8, np.uint16)


def quantise(depth: Floats, low: float, high: float, kind: type[Code]) -> NDArray[Code]:
    """Return round((depth - low) / (high - low) * most), clipped to `kind`, shape as `depth`.

    Subtracting first keeps the result exact within half a step whatever the offset. All zeros
    if `high` equals `low`.
    """
    codes = np.empty(depth.shape, kind)
    top = 0
    for strip in quantised_strips(depth, low, high, kind):
        codes[top : top + len(strip)] = strip
        top += len(strip)
    return codes


def rows_per_strip(shape: tuple[int, ...]) -> int:
    """Return how many rows of a picture of `shape` a strip has; the last one may have fewer."""
    return max(1, min(shape[0], _STRIP_PIXELS // shape[1]))


def quantised_strips(
    depth: Floats, low: float, high: float, kind: type[Code]
) -> Iterator[NDArray[Code]]:
    """Yield what `quantise` returns, a few rows at a time; each strip is void at the next."""
    most = np.iinfo(kind).max
    scale = np.float32(most / (high - low) if high > low else 0.0)
    height, width = depth.shape
    rows = rows_per_strip(depth.shape)
    floats = np.empty((rows, width), np.float32)
    codes = np.empty((rows, width), kind)
    for top in range(0, height, rows):
        count = min(rows, height - top)
        strip = floats[:count]
        np.subtract(depth[top : top + count], np.float32(low), out=strip)
        strip *= scale
        strip += np.float32(0.5)
        np.clip(strip, 0, most, out=strip)
        codes[:count] = strip  # truncates: with the half added, it rounds
        yield codes[:count]
