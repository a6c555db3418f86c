"""One scale per shot from the fits of neighbouring frames.

The network's scale jumps from frame to frame, and wanders slowly. A plain product of all fits would
follow every error for ever. Here each frame gets the scale that keeps the steps between neighbours
as fitted, and yet stays near the network's own over `MEMORY` frames: least squares over the whole
shot, one tridiagonal system, so that frames to come count as those before.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from worker.videos.stable.fit import Fit

MEMORY = 6  # frames
Doubles = NDArray[np.float64]


def chain(steps: Sequence[Fit]) -> list[Fit]:
    """Return scale and shift of each frame of a shot.

    `steps[t]` takes the depth of frame t to that of frame t - 1 (the first is ignored).
    """
    if not steps:
        return []
    rises = np.log([step.scale for step in steps])
    scales = np.exp(_near_zero(rises))
    shifts = np.array([step.shift for step in steps])
    shifts[1:] *= scales[:-1]
    return [Fit(float(a), float(b)) for a, b in zip(scales, _near_zero(shifts), strict=True)]


def _near_zero(steps: Doubles) -> Doubles:
    """Return x of least Σ (x[t] − x[t−1] − steps[t])² + Σ x[t]² / MEMORY²."""
    count, leak = len(steps), 1 / MEMORY**2
    diagonal, right = np.full(count, leak), np.zeros(count)
    diagonal[1:] += 1
    diagonal[:-1] += 1
    right[1:] += steps[1:]
    right[:-1] -= steps[1:]
    for t in range(1, count):  # elimination; every other diagonal is -1
        factor = -1 / diagonal[t - 1]
        diagonal[t] += factor
        right[t] -= factor * right[t - 1]
    x = np.empty(count)
    x[-1] = right[-1] / diagonal[-1]
    for t in range(count - 2, -1, -1):
        x[t] = (right[t] + x[t + 1]) / diagonal[t]
    return x
