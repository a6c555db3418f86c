"""The photograph with its depth in XMP (GDepth, "Depthmap Metadata", format RangeInverse).

RangeInverse is linear in inverse depth: 0 is the nearest, 255 the farthest. The ratio of far to
near is the job's `near_far_ratio`; relative depth has no unit, and the file says so.
"""

from __future__ import annotations

import base64

import numpy as np

from contract.outputs.geometry import GeometryOptions
from worker.outputs.encoding.jpeg import encode_jpeg, with_segments
from worker.outputs.encoding.png import encode_png
from worker.outputs.encoding.quantise import quantise
from worker.outputs.encoding.xmp import xmp_segments
from worker.outputs.photograph import photograph
from worker.outputs.view import Rendering, View

NAMESPACE = "http://ns.google.com/photos/1.0/depthmap/"
_NEAR = 1.0
_QUALITY = 95


def render(view: View) -> Rendering:
    """Return the JPEG; its depth image has the photograph's size."""
    width, height = view.size
    low, high = view.shared_range or (view.info.min, view.info.max)
    depth = encode_png(255 - quantise(view.values, low, high, np.uint8))
    about = {
        "Format": "RangeInverse",
        "Near": f"{_NEAR:g}",
        "Far": f"{_NEAR * view.options.of(GeometryOptions).near_far_ratio:.9g}",
        "Mime": "image/png",
        "Units": "relative",
        "MeasureType": "OpticalAxis",
        "ImageWidth": str(width),
        "ImageHeight": str(height),
        "Software": f"depthq {view.model.name} {view.model.weights_id}",
    }
    data = {"Data": base64.b64encode(depth).decode()}
    segments = xmp_segments("GDepth", NAMESPACE, about, data)
    return Rendering(with_segments(encode_jpeg(photograph(view), _QUALITY), segments), view.size)
