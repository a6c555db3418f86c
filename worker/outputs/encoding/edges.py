"""Depth edges without the ramp that a network and resizing draw between near and far."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

_REACH = 2.0  # pixels of the network: half the width of a ramp
_STEP = 0.06  # of the depth range: less within the reach is a slope, and stays
_STEEP = 6.0  # how much narrower a ramp becomes
_STRIP_ROWS = 512  # at once: bounds memory


def with_hard_edges(depth: Floats, network_shape: tuple[int, ...]) -> Floats:
    """Return `depth`, (H, W), with each ramp between near and far drawn together to a step.

    The step is where the ramp has its middle. `network_shape` says how wide ramps are.
    """
    span = float(np.ptp(depth))
    if span == 0:
        return depth
    reach = max(1, round(_REACH * max(depth.shape) / max(network_shape)))
    made = np.empty_like(depth)
    for top in range(0, len(depth), _STRIP_ROWS):
        end = min(len(depth), top + _STRIP_ROWS)
        first, last = max(0, top - reach), min(len(depth), end + reach)
        inside = slice(top - first, end - first)
        far, near = _ends(depth[first:last], reach)
        made[top:end] = _drawn_together(depth[top:end], far[inside], near[inside], span)
    return made


def _ends(depth: Floats, reach: int) -> tuple[Floats, Floats]:
    """Return the farthest and the nearest within `reach` of each pixel, in a square."""
    kernel = np.ones((2 * reach + 1, 1), np.uint8)
    far, near = (morph(morph(depth, kernel), kernel.T) for morph in (cv2.erode, cv2.dilate))
    return far, near


def _drawn_together(depth: Floats, far: Floats, near: Floats, span: float) -> Floats:
    """Return `depth` pushed towards the nearer of `far` and `near`, its ends within reach."""
    height = np.maximum(near - far, 1e-9)
    share = np.clip((depth - far) / height, 0, 1)
    steep = np.clip((share - 0.5) * _STEEP + 0.5, 0, 1)
    trust = np.clip((height / span - _STEP) / _STEP, 0, 1)
    return np.asarray(depth + trust * (steep - share) * height, np.float32)
