"""Normals as a picture, OpenGL's convention: red is right, green is up, blue is to the viewer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from contract.outputs.geometry import GeometryOptions
from contract.outputs.normals import NormalsOptions
from worker.outputs.encoding.geometry import Floats, camera
from worker.outputs.encoding.guided import guided_upsample
from worker.outputs.encoding.normals import surface_normals
from worker.outputs.encoding.png import Pixels, encode_png_strips
from worker.outputs.encoding.upsample import upsample
from worker.outputs.surface import OPENGL, distances
from worker.outputs.view import Rendering, View

_STRIP_ROWS = 64
_KINDS: dict[str, np.dtype[Any]] = {
    "png8": np.dtype(np.uint8),
    "png16": np.dtype(np.uint16),
}


def render(view: View) -> Rendering:
    """Return the normals as a PNG: a component -1…1 is 0…255, or 0…65535.

    They are found at the network's size and resized: slopes of resized depth show the resizing.
    """
    options = view.options.of(GeometryOptions)
    lens = camera(view.width, view.height, options.fov_deg, view.focal_35mm)
    small = surface_normals(np.reciprocal(distances(view, view.depth)), lens) * OPENGL
    parts = [_refined(view, np.ascontiguousarray(small[:, :, part])) for part in range(3)]
    kind = _KINDS[view.options.of(NormalsOptions).normals_format]
    shape = (*parts[0].shape, 3)
    return Rendering(encode_png_strips(shape, kind, _strips(parts, kind)), view.size)


def _refined(view: View, part: Floats) -> Floats:
    """Return one component at the picture's size, as the option `refine` says."""
    if view.guided and view.pixels is not None:
        return guided_upsample(part, view.pixels)
    return upsample(part, *view.size)


def _strips(parts: list[Floats], kind: np.dtype[Any]) -> Iterator[Pixels]:
    """Yield the picture a few rows at a time, each normal at unit length again."""
    half = np.float32(np.iinfo(kind).max / 2)
    for top in range(0, len(parts[0]), _STRIP_ROWS):
        made = np.stack([part[top : top + _STRIP_ROWS] for part in parts], axis=2)
        length = np.sqrt(np.einsum("hwc,hwc->hw", made, made))[:, :, None]
        made *= half / np.maximum(length, np.float32(1e-6))
        made += half + np.float32(0.5)  # rounds, since the conversion truncates
        yield made.astype(np.uint8) if kind == np.uint8 else made.astype(np.uint16)
