"""The depth of a frame from its own and that of its neighbours in time.

A window to both sides, not a running mean: a frame then depends on few neighbours only, so that
pieces of a clip computed anywhere, with a few frames more at each end, give the same depth. It also
does not lag behind what moves.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from worker.videos.stable.fit import fit
from worker.videos.stable.flow import Floats, Look, chained, difference, moved, route

REACH = 2  # frames to each side
_COLOUR = 50.0  # weight exp(-50·‖ΔI‖²), as the measure of flicker has it
_AGREES = 0.01  # ‖ΔI‖² below which a pixel is taken for the same thing
_DEPTH = 0.06  # of the frame's range: depth that differs by more is another thing


@dataclass(frozen=True)
class Frame:
    """One frame and the flows to its neighbours; `ahead`, `back` None at a clip's ends."""

    look: Look
    depth: Floats  # (h, w), as the network gave it
    ahead: Floats | None = None  # to the next frame
    back: Floats | None = None  # to the one before


def steady(frames: Mapping[int, Frame], at: int, first: int, last: int) -> Floats:
    """Return the depth of frame `at`, float32 (h, w), in that frame's own scale.

    `frames` holds what there is within REACH; `first` and `last` are the ends of its shot.
    """
    here = frames[at]
    total, weight = here.depth.copy(), np.ones_like(here.depth)
    for step in (-1, 1):
        by = None
        for other in range(at + step, at + step * (REACH + 1), step):
            if not first <= other <= last:
                break
            nearer = frames[other - step]
            hop = nearer.ahead if step > 0 else nearer.back
            assert hop is not None  # noqa: S101 - within the shot there is one
            by = hop if by is None else chained(by, hop)
            seen, trust = _seen(here, frames[other], by)
            total += trust * seen
            weight += trust
    return total / weight


def _seen(here: Frame, other: Frame, by: Floats) -> tuple[Floats, Floats]:
    """Return the depth of `other` as `here` would have it, and how much each pixel counts."""
    along = route(by)
    apart = difference(here.look, other.look, by, along)
    seen: Floats = moved(other.depth, along)
    scale, shift = fit(seen, here.depth, apart < _AGREES)
    seen = seen * np.float32(scale) + np.float32(shift)
    off = (seen - here.depth) / np.float32(max(_DEPTH * span(here.depth), 1e-12))
    return seen, np.exp(-np.float32(_COLOUR) * apart - off * off)


def agreement(here: Look, there: Look, by: Floats) -> float:
    """Return the share of pixels, 0…1, that look the same through `by`."""
    return float(np.mean(agreeing(here, there, by)))


def agreeing(here: Look, there: Look, by: Floats) -> NDArray[np.bool_]:
    """Return where `there` looks the same through `by`."""
    same: NDArray[np.bool_] = difference(here, there, by, route(by)) < _AGREES
    return same


def span(depth: Floats) -> float:
    """Return the range of `depth` without its outermost hundredths."""
    low, high = np.percentile(depth[::2, ::2], (1, 99))
    return float(high - low)
