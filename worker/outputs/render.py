"""Depth → the files that a job's options ask for."""

from __future__ import annotations

import math
from dataclasses import dataclass

from contract.errors import InternalError
from contract.jobs import DepthInfo, ModelInfo
from contract.options import FILE_TYPES, JobOptions
from worker.outputs.depth import DEPTH_ENCODERS
from worker.outputs.encoding.about import About
from worker.outputs.encoding.upsample import Floats, upsample
from worker.outputs.heatmap import Shades, encode_heatmap, heatmap


@dataclass(frozen=True)
class RenderedFile:
    """One file, ready to be stored."""

    output: str  # a name of contract.options
    extension: str
    media_type: str
    width: int
    height: int
    data: bytes


@dataclass(frozen=True)
class Rendered:
    """The files, and what the numbers of a depth file mean, also if none was asked for."""

    depth: DepthInfo
    files: list[RenderedFile]


def render(
    depth: Floats,
    options: JobOptions,
    width: int,
    height: int,
    model: ModelInfo,
    shared_range: tuple[float, float] | None = None,
) -> Rendered:
    """Return the files that `options` ask of `depth`, float32 (h, w), as the network gave it.

    `width` and `height` are the upright image's. `shared_range` is the depth at the ends of the
    heat map's colors and of the 16-bit PNG, so that several pictures compare; the image's own if
    it is None. Raises InternalError if depth is not finite.
    """
    low, high = _range(depth)
    size = (width, height) if options.size == "original" else (depth.shape[1], depth.shape[0])
    values = upsample(depth, *size)
    lowest, highest = _range(values)  # bicubic overshoots a little
    files, info = [], DepthInfo(min=lowest, max=highest)
    if "depth" in options.outputs:
        ends = shared_range or (lowest, highest)
        about = About(DepthInfo(min=ends[0], max=ends[1]), model, width, height)
        data = DEPTH_ENCODERS[options.depth_format](values, about)
        files.append(_file("depth", options.depth_format, size, data))
    if "heatmap" in options.outputs:
        ends, shades = shared_range or (low, high), Shades(options.colormap, options.invert)
        pixels = heatmap(depth, *ends, shades, *size)
        data = encode_heatmap(pixels, options.heatmap_format)
        files.append(_file("heatmap", options.heatmap_format, size, data))
    return Rendered(info, files)


def _range(depth: Floats) -> tuple[float, float]:
    low, high = float(depth.min()), float(depth.max())
    if not (math.isfinite(low) and math.isfinite(high)):  # NaN spreads into both
        raise InternalError("the network gave depth that is not finite")
    return low, high


def _file(output: str, file_format: str, size: tuple[int, int], data: bytes) -> RenderedFile:
    extension, media_type = FILE_TYPES[file_format]
    return RenderedFile(output, extension, media_type, size[0], size[1], data)
