"""The photograph with another depth of field, as JPEG."""

from __future__ import annotations

import math

import numpy as np

from contract.outputs.refocus import RefocusOptions
from contract.outputs.subject_options import place
from worker.outputs.encoding.edges import with_hard_edges
from worker.outputs.encoding.guided import guided_upsample
from worker.outputs.encoding.jpeg import encode_jpeg
from worker.outputs.encoding.lens import Aperture, refocused
from worker.outputs.encoding.subject import pixel_at
from worker.outputs.encoding.upsample import Floats
from worker.outputs.view import Rendering, View

LARGEST_RADIUS = 0.04  # of the picture's diagonal, from nearest to farthest at f/1
_QUALITY = 92
_SPOT = 0.01  # of the longer side: around the point in focus, its median counts


def render(view: View) -> Rendering:
    """Return the photograph, sharp at the option `focus` or on the subject."""
    options = view.options.of(RefocusOptions)
    depth = with_hard_edges(guided_upsample(view.depth, view.photograph), view.depth.shape)
    low, high = view.net_range
    radius = LARGEST_RADIUS * math.hypot(*view.size) / options.f_number
    lens = Aperture(_focus(view, depth), radius / (high - low) if high > low else 0.0)
    return Rendering(encode_jpeg(refocused(view.photograph, depth, lens), _QUALITY), view.size)


def _focus(view: View, depth: Floats) -> float:
    """Return the depth in focus: around the point asked for, or the subject's own median."""
    at = place(view.options.of(RefocusOptions).focus)
    if at is None:
        return float(np.median(view.depth[view.subject.mask]))
    row, column = pixel_at(at, *depth.shape)
    reach = max(1, round(_SPOT * max(depth.shape)))
    spot = depth[max(0, row - reach) : row + reach + 1, max(0, column - reach) : column + reach + 1]
    return float(np.median(spot))
