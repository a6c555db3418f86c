"""A photograph from a place a little to the side: pixels move by how near they are.

Forward warping with a z-buffer. Neighbors stay connected unless they would be drawn apart: there
a surface ends. What comes out from behind it is filled with the mirror image of what lies behind
beside it, so that textures stay textures and no color is drawn out.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from worker.outputs.encoding.guided import Guided
from worker.outputs.encoding.upsample import Floats

Pixels = NDArray[np.uint8]

STRIP_ROWS = 128  # rows at once: bounds the memory of a 50 MP picture
_TORN_PX = 1.5  # neighbors that would be farther apart belong to different surfaces
_JUMP_PX = 1.0  # of shift between neighbors of one surface
_EDGE = 0.08  # of the range: a smaller step is relief, not an edge
_RAMP_NET_PX = 2.5  # half the width of an edge as the network draws it, in its pixels
# where a ramp is cut, of its height: background carried along shows less than a torn outline
_CUT = 0.3
_MIXED = 1 / 1500  # of the width: how far an outline mixes the colors of both sides
_FRAYED_PX = 5  # the median's window
_EMPTY = np.float32(np.inf)


def nearness(depth: Floats, rgb: Pixels) -> Floats:
    """Return 0 (farthest) to 1 (nearest), float32, at the size of `rgb`, its edges made steps.

    Edges follow the photograph's. A ramp would leave pixels hovering between near and far; it is
    cut, and the near side gets the pixels in which the colors of both are mixed.
    """
    return Nearness(depth, rgb).rows(0, len(rgb))


class Nearness:
    """What `nearness` returns, some rows at a time: they need not be there all at once."""

    def __init__(self, depth: Floats, rgb: Pixels) -> None:
        self._height, width = rgb.shape[:2]
        self._low, self._high = float(depth.min()), float(depth.max())
        self._guided = Guided(depth, rgb)
        radius = max(1, round(_RAMP_NET_PX * width / depth.shape[1]))
        self._window = np.ones((1, 2 * radius + 1), np.uint8)
        self._reach = max(1, round(_MIXED * width))

    def rows(self, top: int, end: int) -> Floats:
        """Return rows `top` to `end`, float32 (end - top, W)."""
        margin = self._reach + _FRAYED_PX // 2  # rows that the filters below look at
        first, last = max(0, top - margin), min(self._height, end + margin)
        near = self._guided.rows(first, last)
        if self._high <= self._low:
            return np.zeros((end - top, near.shape[1]), np.float32)
        near -= np.float32(self._low)
        near *= np.float32(1 / (self._high - self._low))
        near = self._stepped(near)
        near = cv2.medianBlur(near, _FRAYED_PX)  # rows are cut one by one: edges come out frayed
        grown = 2 * self._reach + 1
        near = cv2.dilate(near, np.ones((grown, grown), np.uint8))
        return np.asarray(near[top - first : end - first], np.float32)

    def _stepped(self, near: Floats) -> Floats:
        least, most = cv2.erode(near, self._window), cv2.dilate(near, self._window)
        stepped = np.where(near > least + np.float32(_CUT) * (most - least), most, least)
        return np.where(most - least > _EDGE, stepped, near).astype(np.float32, copy=False)


def warp(rgb: Pixels, near: Floats, shift_px: float, still: float = 0.5) -> Pixels:
    """Return `rgb`, uint8 (h, w, 3), with the nearest moved right by `shift_px` over the farthest.

    `near` is 0…1 (h, w); what is as near as `still` stays in its place. Negative: to the left.
    """
    if rgb.shape[1] == 1:
        return rgb
    if shift_px < 0:
        turned = warp(rgb[:, ::-1], near[:, ::-1], -shift_px, still)
        return np.ascontiguousarray(turned[:, ::-1])
    made = np.empty_like(rgb)
    for top in range(0, len(rgb), STRIP_ROWS):
        rows = np.s_[top : top + STRIP_ROWS]
        shift = (near[rows] - np.float32(still)) * np.float32(shift_px)
        sources = _filled(_sources(shift))
        y = np.repeat(np.arange(len(shift), dtype=np.float32)[:, None], shift.shape[1], axis=1)
        strip = np.ascontiguousarray(rgb[rows])
        made[rows] = cv2.remap(strip, sources, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return made


def _sources(shift: Floats) -> Floats:
    """Return for each pixel of the new view the column it shows, float32 (h, w); inf: a gap.

    Where several go to one place, the leftmost went farthest to the right: it is the nearest.
    """
    height, width = shift.shape
    columns = np.arange(width, dtype=np.float32)
    goes = columns + shift
    start, span = goes[:, :-1], np.diff(goes, axis=1)
    solid = (span > 0) & (span < _TORN_PX)
    places = np.ceil(start)
    sources = np.full(height * width, _EMPTY, np.float32)
    first = (np.arange(height) * width)[:, None]
    for _ in range(2):  # whole columns between two neighbors: at most two, for _TORN_PX < 2
        hit = solid & (places <= start + span) & (places >= 0) & (places < width)
        column = (columns[:-1] + (places - start) / np.where(solid, span, 1))[hit]
        np.minimum.at(sources, (places + first)[hit].astype(np.intp), column)
        places += 1
    return sources.reshape(height, width)


def _filled(sources: Floats) -> Floats:
    """Return `sources` with its gaps filled from whichever side lies farther back."""
    gaps = np.isinf(sources)
    if not gaps.any():
        return sources
    width = sources.shape[1]
    rows, columns = np.nonzero(gaps)
    shift = np.where(gaps, 0, np.arange(width, dtype=np.float32) - sources)
    left, left_shift = _beside(sources, shift, gaps, rows, columns)
    right, right_shift = _beside(
        sources[:, ::-1], shift[:, ::-1], gaps[:, ::-1], rows, width - 1 - columns
    )
    behind = np.where(left_shift <= right_shift, left, right)
    sources[rows, columns] = np.where(np.isinf(behind), columns, behind)
    return sources


def _beside(
    sources: Floats,
    shift: Floats,
    gaps: NDArray[np.bool_],
    rows: NDArray[np.intp],
    columns: NDArray[np.intp],
) -> tuple[Floats, Floats]:
    """Return for each gap at `rows`, `columns` the mirrored source from its left, and its shift.

    Only the surface that ends at the gap is mirrored, back and forth if it is narrower than the
    gap. The shift is infinite where there is nothing to the left.
    """
    index = np.arange(sources.shape[1])
    begins = np.ones(gaps.shape, bool)
    begins[:, 1:] = gaps[:, 1:] | gaps[:, :-1] | (abs(np.diff(shift, axis=1)) > _JUMP_PX)
    beginning = np.maximum.accumulate(np.where(begins, index, 0), axis=1)
    last = np.maximum.accumulate(np.where(gaps, -1, index), axis=1)[rows, columns]
    edge = np.maximum(last, 0)
    length = edge - beginning[rows, edge] + 1
    away = (columns - edge - 1) % (2 * length)
    place = edge - np.minimum(away, 2 * length - 1 - away)
    return sources[rows, place], np.where(last < 0, _EMPTY, shift[rows, edge])
