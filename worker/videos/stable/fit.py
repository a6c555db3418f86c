"""Scale and shift between two depth maps of the same things."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]
_STRIDE = 3  # px between samples: 1,400 of a map suffice for two numbers
_ROUNDS = 3
_WIDTH = 7.0  # medians of the error beyond which a pixel does not count
_LEAST_SAMPLES = 50
_MOST_SCALE = 2.0  # neighbouring frames of one shot differ by less


class Fit(NamedTuple):
    """`scale * depth + shift`."""

    scale: float
    shift: float


SAME = Fit(1.0, 0.0)


def fit(source: Floats, target: Floats, trusted: NDArray[np.bool_]) -> Fit:
    """Return what takes `source` to `target`, (h, w) both, from pixels that are `trusted`.

    Least squares, repeated with weights that fall to nothing with the error (Tukey). The scale is
    the geometric mean of both directions: one direction alone shrinks with noise, and a chain of
    such scales would fade. SAME where too little can be compared.
    """
    at = (slice(_STRIDE // 2, None, _STRIDE),) * 2
    mask = trusted[at]
    x, y = source[at][mask].astype(np.float64), target[at][mask].astype(np.float64)
    if len(x) < _LEAST_SAMPLES:
        return SAME
    found = _by_medians(x, y)
    for _ in range(_ROUNDS):
        error = found.scale * x + found.shift - y
        width = _WIDTH * max(_median(np.abs(error)), 1e-9)
        found = _line(x, y, np.maximum(0.0, 1 - (error / width) ** 2) ** 2)
    return found


def _by_medians(x: Doubles, y: Doubles) -> Fit:
    """Return a first guess, which less than half of the pixels cannot spoil."""
    x_mid, y_mid = _median(x), _median(y)
    x_spread, y_spread = _median(np.abs(x - x_mid)), _median(np.abs(y - y_mid))
    scale = y_spread / x_spread if x_spread > 0 and y_spread > 0 else 1.0
    return _fit(scale, x_mid, y_mid)


def _median(values: Doubles) -> float:
    """Return the upper median: four times as fast as NumPy's."""
    middle = len(values) // 2
    return float(np.partition(values, middle)[middle])


def _fit(scale: float, x: float, y: float) -> Fit:
    scale = min(max(scale, 1 / _MOST_SCALE), _MOST_SCALE)
    return Fit(scale, y - scale * x)


def _line(x: Doubles, y: Doubles, weights: Doubles) -> Fit:
    total = weights.sum()
    x_mean, y_mean = (weights @ x) / total, (weights @ y) / total
    dx, dy = x - x_mean, y - y_mean
    spread, other = weights @ (dx * dx), weights @ (dy * dy)
    if weights @ (dx * dy) <= 0 or spread <= 0:  # flat, or unlike: a shift is all that is known
        return Fit(1.0, float(y_mean - x_mean))
    return _fit(float(np.sqrt(other / spread)), float(x_mean), float(y_mean))
