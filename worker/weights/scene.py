"""A rendered scene whose depth is known: tells whether a network's numbers grow with nearness.

A checkered floor to the horizon, a wall behind, and two equal balls, one near and one far.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

HEIGHT, WIDTH = 480, 640
_HORIZON = 200
_WALL_INVERSE = 0.1  # inverse distance of the wall; the floor at the lower edge has 1
_BALLS = ((250, 300, 120, 0.9), (450, 215, 24, 0.25))  # centre x, y, radius in px, inverse distance


@dataclass(frozen=True)
class Scene:
    """`rgb` uint8 (HEIGHT, WIDTH, 3); `inverse` float32 (HEIGHT, WIDTH), larger is nearer."""

    rgb: NDArray[np.uint8]
    inverse: NDArray[np.float32]


def scene() -> Scene:
    """Return the scene; the same each time."""
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float32)
    floor = np.maximum((y - _HORIZON) / (HEIGHT - _HORIZON), 0)
    inverse = np.maximum(floor, np.float32(_WALL_INVERSE))
    far = 1 / inverse
    checks = (np.floor((x - WIDTH / 2) * far / 60) + np.floor(far * 4)) % 2
    gray = np.where(floor > _WALL_INVERSE, 90 + 90 * checks, 200 - 20 * (y / HEIGHT))
    rgb = np.stack([gray, gray * 0.97, gray * 0.9], axis=2)
    for centre_x, centre_y, radius, nearness in _BALLS:
        inside = 1 - ((x - centre_x) ** 2 + (y - centre_y) ** 2) / radius**2
        ball = inside > 0
        shade = 60 + 160 * np.sqrt(np.maximum(inside, 0)) * (1.2 - (y - centre_y) / radius) / 2
        inverse = np.where(ball, np.float32(nearness), inverse)
        rgb = np.where(ball[..., None], shade[..., None] * [1.0, 0.45, 0.35], rgb)
    return Scene(np.clip(rgb, 0, 255).astype(np.uint8), inverse.astype(np.float32))


def agreement(depth: NDArray[np.float32], inverse: NDArray[np.float32]) -> float:
    """Return the correlation of the ranks of two maps of the same shape, -1…1, from a sample."""
    step = max(1, depth.size // 4001)  # no divisor of a side: all columns are seen
    ranks = [np.argsort(np.argsort(v.ravel()[::step])) for v in (depth, inverse)]
    first, second = ((rank - rank.mean()) / rank.std() for rank in ranks)
    return float((first * second).mean())
