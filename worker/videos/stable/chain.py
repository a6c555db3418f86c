"""One scale per shot from the fits of neighbouring frames.

The network's scale jumps from frame to frame, and follows slowly what is in view: things that come
nearer shall grow. A plain product of all fits would deny that, and follow every error for ever.
Here each frame gets the scale that takes out what bends within `MEMORY` frames of the product's
course and keeps what is straight: least squares over the whole shot, so that frames to come count
as those before, and the ends of a shot are not bent to rest.
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
    scales = np.exp(_without_trend(np.log([step.scale for step in steps])))
    shifts = np.array([step.shift for step in steps])
    shifts[1:] *= scales[:-1]
    return [Fit(float(a), float(b)) for a, b in zip(scales, _without_trend(shifts), strict=True)]


def _without_trend(steps: Doubles) -> Doubles:
    """Return x of least Σ (second difference of x − that of the steps' sum)² + Σ x² / MEMORY⁴.

    The sum of the steps less its trend (Whittaker 1923; Hodrick and Prescott 1997).
    """
    count = len(steps)
    if count < 3:
        return np.zeros(count)
    bends = np.diff(steps[1:])
    main, near, far = np.full(count, MEMORY**-4.0), np.zeros(count), np.zeros(count)
    right = np.zeros(count)
    for offset, factor in enumerate((1.0, -2.0, 1.0)):
        part = slice(offset, count - 2 + offset)
        main[part] += factor * factor
        right[part] += factor * bends
    near[: count - 2] -= 2
    near[1 : count - 1] -= 2
    far[: count - 2] += 1
    return _solved(main, near, far, right)


def _solved(main: Doubles, near: Doubles, far: Doubles, right: Doubles) -> Doubles:
    """Return x of A·x = right; `near[t]`, `far[t]` are A[t, t + 1] and A[t, t + 2]. Changes all."""
    count = len(main)
    for t in range(count):  # elimination downwards; A is symmetric
        for reach, beside in ((1, near), (2, far)):
            if t + reach < count:
                factor = beside[t] / main[t]
                main[t + reach] -= factor * beside[t]
                right[t + reach] -= factor * right[t]
                if reach == 1:
                    near[t + 1] -= factor * far[t]
    x = np.zeros(count + 2)
    for t in range(count - 1, -1, -1):
        x[t] = (right[t] - near[t] * x[t + 1] - far[t] * x[t + 2]) / main[t]
    return x[:count]
