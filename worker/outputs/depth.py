"""One function per format of the depth output: floats in, file bytes out, the same every time."""

from __future__ import annotations

import io
from collections.abc import Callable

import numpy as np

from contract.jobs import DepthInfo
from contract.outputs.depth import DepthOptions
from worker.outputs.encoding.about import About
from worker.outputs.encoding.exr import encode_exr
from worker.outputs.encoding.png import encode_png_strips
from worker.outputs.encoding.quantise import quantised_strips, rows_per_strip
from worker.outputs.encoding.tiff import encode_tiff
from worker.outputs.encoding.upsample import Floats
from worker.outputs.view import Rendering, View

TEXT_KEYWORD = "depthq"


def encode_png16(depth: Floats, about: About) -> bytes:
    """Return a 16-bit grey PNG: 0 is `min`, 65535 is `max`; its text chunk `depthq` says both."""
    strips = quantised_strips(depth, about.depth.min, about.depth.max, np.uint16)
    texts = {TEXT_KEYWORD: about.to_json()}
    return encode_png_strips(depth.shape, np.dtype(np.uint16), strips, texts)


def encode_npy(depth: Floats, about: About) -> bytes:  # noqa: ARG001 - the format has no room
    """Return a NumPy array file: float32 (h, w)."""
    file = io.BytesIO()
    np.save(file, np.ascontiguousarray(depth), allow_pickle=False)
    return file.getvalue()


def encode_pfm(depth: Floats, about: About) -> bytes:  # noqa: ARG001 - the format has no room
    """Return a portable float map (Debevec): little-endian, rows from the bottom."""
    height, width = depth.shape
    return f"Pf\n{width} {height}\n-1.0\n".encode() + depth[::-1].astype("<f4").tobytes()


def encode_depth_exr(depth: Floats, about: About) -> bytes:
    """Return an OpenEXR image with one channel `Y`; its attribute `depthq` says what it holds."""
    return encode_exr(depth, {TEXT_KEYWORD: about.to_json()})


def encode_tiff16(depth: Floats, about: About) -> bytes:
    """Return a 16-bit TIFF: 0 is `min`, 65535 is `max`; its ImageDescription says both."""
    strips = quantised_strips(depth, about.depth.min, about.depth.max, np.uint16)
    return encode_tiff(depth.shape, rows_per_strip(depth.shape), strips, about.to_json())


def encode_tiff32(depth: Floats, about: About) -> bytes:
    """Return a float32 TIFF; its ImageDescription says what it holds."""
    rows = rows_per_strip(depth.shape)
    strips = (depth[top : top + rows] for top in range(0, len(depth), rows))
    return encode_tiff(depth.shape, rows, strips, about.to_json())


DEPTH_ENCODERS: dict[str, Callable[[Floats, About], bytes]] = {
    "png16": encode_png16,
    "npy": encode_npy,
    "pfm": encode_pfm,
    "exr": encode_depth_exr,
    "tiff16": encode_tiff16,
    "tiff32": encode_tiff32,
}


def render(view: View) -> Rendering:
    """Return the depth in the format asked for."""
    low, high = view.shared_range or (view.info.min, view.info.max)
    about = About(DepthInfo(min=low, max=high), view.model, view.width, view.height)
    encode = DEPTH_ENCODERS[view.options.of(DepthOptions).depth_format]
    return Rendering(encode(view.values, about), view.size)
