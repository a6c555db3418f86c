"""Depth as 8-bit gray, near white, spanning the whole range: one channel, PNG."""

from __future__ import annotations

from worker.outputs.encoding.png import encode_png
from worker.outputs.heatmap import GRAY, Shades, heatmap
from worker.outputs.view import Rendering, View


def render(view: View) -> Rendering:
    """Return the gray picture; it ignores the heat map's colors and their turning round."""
    ends = view.shared_range or view.net_range
    depth = view.values if view.guided else view.depth
    return Rendering(encode_png(heatmap(depth, *ends, Shades(GRAY), *view.size)), view.size)
