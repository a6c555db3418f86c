"""Scale and shift between two depth maps of the same things."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
_STRIDE = 3  # px between samples: about 5,000 of a map suffice for two numbers
_ROUNDS = 4
_LEAST_SAMPLES = 50
_MOST_SCALE = 2.0  # neighbouring frames of one shot differ by less


class Fit(NamedTuple):
    """`scale * depth + shift`."""

    scale: float
    shift: float


SAME = Fit(1.0, 0.0)


def fit(source: Floats, target: Floats, trusted: NDArray[np.bool_]) -> Fit:
    """Return what takes `source` to `target`, (h, w) both, from pixels that are `trusted`.

    Least squares, repeated with weights that fall with the error (Huber). The scale is the
    geometric mean of both directions: one direction alone shrinks with noise, and a chain of such
    scales would fade. SAME where too little can be compared.
    """
    at = (slice(_STRIDE // 2, None, _STRIDE),) * 2
    mask = trusted[at]
    x, y = source[at][mask].astype(np.float64), target[at][mask].astype(np.float64)
    if len(x) < _LEAST_SAMPLES:
        return SAME
    weights = np.ones_like(x)
    found = SAME
    for _ in range(_ROUNDS):
        found = _line(x, y, weights)
        error = np.abs(found.scale * x + found.shift - y)
        width = 1.5 * max(float(np.median(error)), 1e-9)
        weights = np.minimum(1.0, width / np.maximum(error, 1e-12))
    return found


def _line(x: NDArray[np.float64], y: NDArray[np.float64], weights: NDArray[np.float64]) -> Fit:
    total = weights.sum()
    x_mean, y_mean = (weights @ x) / total, (weights @ y) / total
    dx, dy = x - x_mean, y - y_mean
    spread, other = weights @ (dx * dx), weights @ (dy * dy)
    if weights @ (dx * dy) <= 0 or spread <= 0:  # flat, or unlike: a shift is all that is known
        return Fit(1.0, float(y_mean - x_mean))
    scale = float(np.clip(np.sqrt(other / spread), 1 / _MOST_SCALE, _MOST_SCALE))
    return Fit(scale, float(y_mean - scale * x_mean))
