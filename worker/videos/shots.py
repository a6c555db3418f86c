"""From the facts of all frames to what each frame's depth is multiplied with, and its colors."""

from __future__ import annotations

from array import array
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from contract.videos import FrameFacts
from worker.videos.stable.chain import chain
from worker.videos.stable.fit import Fit

Doubles = NDArray[np.float64]
_NAMES = ("at", "low", "high", "p1", "p99", "scale", "shift", "cut")


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


class Columns:
    """The facts of many frames in 64 bytes each."""

    def __init__(self) -> None:
        self._columns = {name: array("d") for name in _NAMES}

    def add(self, frame: FrameFacts) -> None:
        """Append a frame."""
        for name, column in self._columns.items():
            column.append(float(getattr(frame, name)))

    def __len__(self) -> int:
        return len(self._columns["at"])

    def ordered(self, order: NDArray[np.intp]) -> dict[str, Doubles]:
        """Return the columns with their rows in `order`."""
        return {name: np.array(column)[order] for name, column in self._columns.items()}


def scaled(facts: dict[str, Doubles], normalize: str) -> Scaled:
    """Return the scale of every frame: the look-ahead over whole shots happens here."""
    shot = np.cumsum(facts["cut"]).astype(np.intp)
    shot -= shot[:1].sum()  # the first frame begins the first shot, whether it is a cut or not
    factors, shifts = np.ones(len(shot)), np.zeros(len(shot))
    for members in _groups(shot, "shot"):
        steps = [Fit(facts["scale"][i], facts["shift"][i]) for i in members]
        for i, one in zip(members, chain(steps), strict=True):
            factors[i], shifts[i] = one.scale, one.shift

    def moved(name: str) -> Doubles:
        return facts[name] * factors + shifts

    bottom, top = moved("p1"), moved("p99")
    for group in _groups(shot, normalize):
        bottom[group], top[group] = bottom[group].min(), top[group].max()
    return Scaled(facts["at"], moved("low"), moved("high"), bottom, top, shot)


def _groups(shot: NDArray[np.intp], normalize: str) -> list[NDArray[np.intp]]:
    if normalize == "frame" or not len(shot):
        return []
    if normalize == "clip":
        return [np.arange(len(shot))]
    return np.split(np.arange(len(shot)), np.flatnonzero(np.diff(shot)) + 1)
