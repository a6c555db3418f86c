"""What the outputs in space share: a view as a grid of points, at a size that bounds memory."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np
from numpy.typing import NDArray

from contract.errors import InternalError
from contract.outputs.cut import CutOptions
from contract.outputs.geometry import GeometryOptions
from worker.outputs.encoding.geometry import Camera, Floats, camera, distance, points
from worker.outputs.encoding.normals import surface_normals
from worker.outputs.encoding.tears import TORN, tears
from worker.outputs.encoding.upsample import upsample
from worker.outputs.view import View

SKY = 0.05  # inverse depth, 0…1, below which things count as far
OPENGL = np.array([1, -1, -1], np.float32)  # times OpenCV's axes: x right, y up, z to the viewer


@dataclass(frozen=True)
class Surface:
    """Distances z, float32 (h, w), of the points of a grid over the picture.

    `coarse` are the same at the network's size: at another, differences between neighbours tell of
    the resizing and of the photograph's texture, not of the scene.
    """

    z: Floats
    coarse: Floats
    lens: Camera
    ratio: float

    @cached_property
    def points(self) -> Floats:
        """Points, float32 (h, w, 3), in OpenCV's axes."""
        return points(self.z, self.lens)

    @cached_property
    def normals(self) -> Floats:
        """Unit normals towards the camera, float32 (h, w, 3), in OpenCV's axes."""
        made = self._spread(surface_normals(np.reciprocal(self.coarse), self.lens))
        made /= np.sqrt(np.einsum("hwc,hwc->hw", made, made))[:, :, None]
        return made

    def kept(self, options: CutOptions) -> NDArray[np.bool_]:
        """Return, (h, w), which points are left; all of them where otherwise none would be."""
        mask = np.ones(self.z.shape, np.bool_)
        if options.drop_edges:
            mask &= ~self._torn()
        if options.drop_sky:
            mask &= ~self._sky()
        return mask if mask.any() else np.ones_like(mask)

    def _torn(self) -> NDArray[np.bool_]:
        """Return which points lie on a tear, or next to one that a coarser grid would step over."""
        found = tears(self.coarse)
        step = max(self.coarse.shape[side] / self.z.shape[side] for side in (0, 1))
        if step > 1:
            found = cv2.dilate(found, np.ones((2 * math.ceil(step / 2) + 1,) * 2, np.uint8))
        return np.asarray(self._spread(found) > TORN)

    def _sky(self) -> NDArray[np.bool_]:
        """Return where it is far, all the way to the upper border."""
        far = self.z > 1 / (SKY * (1 - 1 / self.ratio) + 1 / self.ratio)
        _, parts = cv2.connectedComponents(far.astype(np.uint8), connectivity=4)
        above = np.unique(parts[0][far[0]])
        return np.asarray(far & np.isin(parts, above))

    def _spread(self, values: Floats) -> Floats:
        """Return what was found at the coarse size at the grid's."""
        height, width = self.z.shape
        return np.asarray(cv2.resize(values, (width, height)), np.float32)


def surface_of(view: View, width: int, height: int) -> Surface:
    """Return the surface that `view` shows, as a grid of `width` by `height` points."""
    options = view.options.of(GeometryOptions)
    rows, columns = view.depth.shape
    lens = camera(view.width, view.height, options.fov_deg, view.focal_35mm)
    z = distances(view, _sampled(view, width, height))
    small = _sampled(view, columns, rows, cv2.INTER_AREA)
    return Surface(z, distances(view, small), lens, options.near_far_ratio)


def distances(view: View, depth: Floats) -> Floats:
    """Return the distance z of each `depth` of `view`; the nearest is at 1."""
    low, high = view.shared_range or view.net_range
    return distance(depth, view.options.of(GeometryOptions).near_far_ratio, low, high)


def photograph(view: View, width: int, height: int) -> NDArray[np.uint8]:
    """Return the photograph of `view`, averaged to a smaller size, RGB uint8 (height, width, 3)."""
    if view.pixels is None:
        raise InternalError("an output in space needs the photograph")
    if view.pixels.shape[:2] == (height, width):
        return view.pixels
    small = cv2.resize(view.pixels, (width, height), interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.uint8)


def _sampled(view: View, width: int, height: int, how: int = cv2.INTER_NEAREST_EXACT) -> Floats:
    """Return depth at the grid's size; by default not averaged over the edges `guided` made."""
    if not view.guided:
        return upsample(view.depth, width, height)
    return np.asarray(cv2.resize(view.values, (width, height), interpolation=how), np.float32)
