"""The subject's own colors where it mixes with what is behind it, so that no halo shows.

Multi-level foreground estimation (Germer, Uelwer, Conrad, Harmeling, "Fast Multi-Level Foreground
Estimation", ICPR 2020): foreground F and background B with I = alpha F + (1 - alpha) B, both smooth
where alpha changes, solved from the smallest picture to the largest.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

_SMOOTH, _SMOOTH_AT_EDGES = 1e-5, 1.0  # as the paper's omega and epsilon_r
_SMALL_PX, _ROUNDS_SMALL, _ROUNDS_LARGE = 32, 10, 3


def foreground_and_background(image: Floats, alpha: Floats) -> tuple[Floats, Floats]:
    """Return F and B, float32 (h, w, 3), of `image` (h, w, 3) and `alpha` (h, w), all 0…1."""
    height, width = alpha.shape
    levels = int(np.ceil(np.log2(max(height, width, 2))))
    front = back = np.full((1, 1, 3), image.mean(), np.float32)
    for level in range(levels + 1):
        size = round(width ** (level / levels)), round(height ** (level / levels))
        small = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
        share = cv2.resize(alpha, size, interpolation=cv2.INTER_AREA)
        front, back = (cv2.resize(x, size, interpolation=cv2.INTER_NEAREST) for x in (front, back))
        rounds = _ROUNDS_SMALL if max(size) <= _SMALL_PX else _ROUNDS_LARGE
        front, back = _solved(small, share, front, back, rounds)
    return front, back


def _solved(
    image: Floats, alpha: Floats, front: Floats, back: Floats, rounds: int
) -> tuple[Floats, Floats]:
    """Return F and B after some rounds of Jacobi's method: a 2 x 2 system per pixel and channel."""
    ties = [_SMOOTH + _SMOOTH_AT_EDGES * abs(alpha - other) for other in _neighbors(alpha)]
    total = sum(ties)
    a, b = alpha, 1 - alpha
    f_f, f_b, b_b = a * a + total, a * b, b * b + total
    scale = 1 / (f_f * b_b - f_b * f_b)
    weights = [tie[:, :, None] for tie in ties]
    with_f, cross, with_b = ((x * scale)[:, :, None] for x in (f_f, f_b, b_b))
    seen_front, seen_back = a[:, :, None] * image, b[:, :, None] * image
    for _ in range(rounds):
        to_front = seen_front + _tied(weights, front)
        to_back = seen_back + _tied(weights, back)
        front = np.clip(with_b * to_front - cross * to_back, 0, 1)
        back = np.clip(with_f * to_back - cross * to_front, 0, 1)
    return front.astype(np.float32), back.astype(np.float32)


def _tied(weights: list[Floats], values: Floats) -> Floats:
    """Return the sum of all neighbors' `values`, each by its weight."""
    parts = (w * x for w, x in zip(weights, _neighbors(values), strict=True))
    return np.asarray(sum(parts), np.float32)


def _neighbors(values: Floats) -> list[Floats]:
    """Return `values` seen from the left, right, upper and lower neighbor; itself at borders."""
    sides = [(0, 0)] * (values.ndim - 2)
    wide = np.pad(values, [(1, 1), (1, 1), *sides], mode="edge")
    return [wide[1:-1, :-2], wide[1:-1, 2:], wide[:-2, 1:-1], wide[2:, 1:-1]]
