"""The depth of a frame from its own and that of its neighbours in time.

A window to both sides, not a running mean: a frame then depends on few neighbours only, so that
pieces of a clip computed anywhere, with a few frames more at each end, give the same depth. It also
does not lag behind what moves.

What neighbours say is a change of the frame's own depth, found at half its size and smoothed: that
takes out the trembling, which is smooth, and leaves each edge where and as sharp as the network saw
it, however far off the flow is there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import cv2
import numpy as np

from worker.videos.stable.fit import fit
from worker.videos.stable.flow import Floats, Link, Look, chained, link, moved

REACH = 2  # frames to each side
AGREES = 0.01  # ‖ΔI‖² below which a pixel is taken for the same thing
_COLOUR = 50.0  # weight exp(-50·‖ΔI‖²), as the measure of flicker has it
_DEPTH = 0.15  # of the frame's range: depth that differs by more is another thing
_SMOOTH = 2.0  # px, of half the network's size: sigma of the change


@dataclass(frozen=True)
class Frame:
    """One frame and the links to its neighbours; `ahead`, `back` None at a clip's ends."""

    look: Look
    depth: Floats  # (2 h, 2 w), as the network gave it
    small: Floats  # the same, (h, w)
    ahead: Link | None = None  # to the next frame
    back: Link | None = None  # to the one before


def steady(frames: Mapping[int, Frame], at: int, first: int, last: int) -> Floats:
    """Return the depth of frame `at`, float32 (2 h, 2 w), in that frame's own scale.

    `frames` holds what there is within REACH; `first` and `last` are the ends of its shot.
    """
    here = frames[at]
    total, weight = np.zeros_like(here.small), np.ones_like(here.small)
    width = np.float32(max(_DEPTH * span(here.small), 1e-12))
    for step in (-1, 1):
        for other, by in _neighbours(frames, at, step, last if step > 0 else first):
            change = _seen(here, other, by) - here.small
            trust = np.exp(-np.float32(_COLOUR) * by.apart - (change / width) ** 2)
            total += trust * change
            weight += trust
    change = cv2.GaussianBlur(total / weight, (0, 0), _SMOOTH)
    made: Floats = here.depth + cv2.resize(change, here.depth.shape[::-1])
    return made


def _neighbours(
    frames: Mapping[int, Frame], at: int, step: int, end: int
) -> Iterator[tuple[Frame, Link]]:
    """Yield the frames on one side of `at` up to `end`, and the links to them."""
    by: Link | None = None
    for other in range(at + step, at + step * (REACH + 1), step):
        if (end - other) * step < 0:
            return
        nearer = frames[other - step]
        hop = nearer.ahead if step > 0 else nearer.back
        assert hop is not None  # noqa: S101 - within the shot there is one
        by = link(frames[at].look, frames[other].look, chained(by, hop)) if by else hop
        yield frames[other], by


def _seen(here: Frame, other: Frame, by: Link) -> Floats:
    """Return the depth of `other` as `here` would have it, (h, w)."""
    seen = moved(other.small, by.along)
    scale, shift = fit(seen, here.small, by.apart < AGREES)
    made: Floats = seen * np.float32(scale) + np.float32(shift)
    return made


def span(depth: Floats) -> float:
    """Return the range of `depth` without its outermost hundredths."""
    low, high = np.percentile(depth[::2, ::2], (1, 99))
    return float(high - low)
