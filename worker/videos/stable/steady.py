"""A stream of frames with depth becomes a stream of steady depth, a few frames later."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from worker.videos.stable import blend, cuts
from worker.videos.stable.blend import Frame
from worker.videos.stable.fit import SAME, Fit, fit
from worker.videos.stable.flow import Floats, flow, halved, link, look, moved

AHEAD = blend.REACH + cuts.REACH  # frames that the depth of one depends on, after it
BEFORE = AHEAD + 1  # and before it: its step needs the steady depth of the frame before


@dataclass(frozen=True)
class Steady:
    """Frame `index`: depth float32 (h, w) in its own scale; `step` takes it to the last frame's."""

    index: int
    depth: Floats
    step: Fit
    alike: float  # share of its pixels that were found in the frame before
    cut: bool  # a shot begins here


def steadied(frames: Iterable[tuple[NDArray[np.uint8], Floats]], first: int) -> Iterator[Steady]:
    """Yield each of `frames`: RGB uint8 (h, w, 3) and depth float32 (2 h, 2 w), from `first` on.

    Frame t is right if those from t - BEFORE to t + AHEAD were there, as far as the clip has them.
    Holds 2 * BEFORE frames.
    """
    window = _Window()
    count = first
    for rgb, depth in frames:
        window.add(count, rgb, depth)
        if count - AHEAD >= first:
            yield window.take(count - AHEAD)
        count += 1
    for index in range(max(first, count - AHEAD), count):
        yield window.take(index)


class _Window:
    """The frames around the one whose turn it is."""

    def __init__(self) -> None:
        self._frames: dict[int, Frame] = {}
        self._alike: dict[int, float] = {}
        self._last: Floats | None = None

    def add(self, index: int, rgb: NDArray[np.uint8], depth: Floats) -> None:
        frame, before = Frame(look(rgb), depth, halved(depth)), self._frames.get(index - 1)
        if before is not None:
            back = link(frame.look, before.look, flow(frame.look, before.look))
            ahead = link(before.look, frame.look, flow(before.look, frame.look))
            frame = replace(frame, back=back)
            self._frames[index - 1] = replace(before, ahead=ahead)
            self._alike[index] = float(np.mean(back.apart < blend.AGREES))
        self._frames[index] = frame

    def take(self, index: int) -> Steady:
        cut = cuts.is_cut(self._alike, index)
        depth = blend.steady(self._frames, index, *self._shot(index))
        small = halved(depth)
        step = SAME if cut or self._last is None else self._step(index, small, self._last)
        self._last = small
        for old in (index - BEFORE, index - BEFORE - 1):
            self._frames.pop(old, None)
            self._alike.pop(old, None)
        return Steady(index, depth, step, self._alike.get(index, 1.0), cut)

    def _shot(self, index: int) -> tuple[int, int]:
        """Return the first and last frame within reach that belong to the shot of `index`."""
        first = last = index
        while first > index - blend.REACH and not cuts.is_cut(self._alike, first):
            first -= 1
        while last < index + blend.REACH and not cuts.is_cut(self._alike, last + 1):
            last += 1
        return max(first, min(self._frames)), min(last, max(self._frames))

    def _step(self, index: int, small: Floats, last: Floats) -> Fit:
        back = self._frames[index].back
        assert back is not None  # noqa: S101 - there is a frame before
        return fit(small, moved(last, back.along), back.apart < blend.AGREES)
