"""From the facts of all frames to what each frame's depth is multiplied with, and its colors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from contract.videos import FrameFacts
from worker.videos.stable.chain import chain
from worker.videos.stable.fit import Fit

Doubles = NDArray[np.float64]


@dataclass(frozen=True)
class Scaled:
    """Per frame, float64 (n): depth is code 0 at `low`, code 65535 at `high`, in one scale per
    shot; colors span `bottom` to `top`; `shot` counts from 0."""

    at: Doubles
    low: Doubles
    high: Doubles
    bottom: Doubles
    top: Doubles
    shot: NDArray[np.intp]


def scaled(frames: Sequence[FrameFacts], normalize: str) -> Scaled:
    """Return the scale of every frame: the look-ahead over whole shots happens here."""
    cuts = np.array([frame.cut for frame in frames])
    shot = np.cumsum(cuts) - (cuts[0] if len(cuts) else 0)
    factors, shifts = np.ones(len(frames)), np.zeros(len(frames))
    for number in range(int(shot[-1]) + 1 if len(frames) else 0):
        members = np.flatnonzero(shot == number)
        steps = [Fit(frames[int(i)].scale, frames[int(i)].shift) for i in members]
        for i, one in zip(members, chain(steps), strict=True):
            factors[i], shifts[i] = one.scale, one.shift

    def moved(name: str) -> Doubles:
        return np.array([getattr(frame, name) for frame in frames]) * factors + shifts

    bottom, top = moved("p1"), moved("p99")
    for group in _groups(shot, normalize):
        bottom[group], top[group] = bottom[group].min(), top[group].max()
    at = np.array([frame.at for frame in frames])
    return Scaled(at, moved("low"), moved("high"), bottom, top, shot.astype(np.intp))


def _groups(shot: NDArray[np.intp], normalize: str) -> list[NDArray[np.intp]]:
    if normalize == "frame" or not len(shot):
        return []
    if normalize == "clip":
        return [np.arange(len(shot))]
    return [np.flatnonzero(shot == number) for number in range(int(shot[-1]) + 1)]
