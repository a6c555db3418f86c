"""Writes the page's color scales (`api/web/viewers/colormaps.bin`) from those of the service.

Run `python -m tests.unit.web.colormaps` when a colormap is added.
"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from worker.outputs.heatmap import Shades

VIEWERS = Path(__file__).parents[3] / "api" / "web" / "viewers"


def names() -> list[str]:
    """Return the colormaps that the page offers, in its order."""
    listed = re.search(r"COLORMAPS = \[(.*?)\];", (VIEWERS / "colormaps.js").read_text(), re.DOTALL)
    assert listed
    return re.findall(r'"(\w+)"', listed[1])


def tables() -> bytes:
    """Return 256 colors of each scale, RGB, one scale after the other."""
    ramp = np.arange(256, dtype=np.uint8)[None]
    painted = [Shades(name).paint(ramp) for name in names()]
    rgb = [np.stack([p] * 3, -1) if p.ndim == 2 else p[:, :, ::-1] for p in painted]
    return np.concatenate(rgb).tobytes()


if __name__ == "__main__":
    (VIEWERS / "colormaps.bin").write_bytes(tables())
