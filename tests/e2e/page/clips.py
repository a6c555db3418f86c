"""A short film for the page."""

from __future__ import annotations

from pathlib import Path

import av

from tests.photographs import photograph

FRAMES = 8


def write_clip(path: Path) -> Path:
    """Write eight frames, two seconds, of a photograph that moves to the side; returns `path`."""
    pixels = photograph("chelsea.png")
    with av.open(str(path), "w") as film:
        stream = film.add_stream("h264", rate=4)
        stream.width, stream.height, stream.pix_fmt = 160, 120, "yuv420p"
        for at in range(FRAMES):
            cut = pixels[60:180, 4 * at : 4 * at + 160].copy()
            film.mux(stream.encode(av.VideoFrame.from_ndarray(cut, format="bgr24")))
        film.mux(stream.encode())
    return path
