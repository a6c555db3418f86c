"""Files for the page: a short film, and pictures that are many.

The pictures are small and of one shape: what a network takes to prepare for each of seven shapes is
tested elsewhere, and takes longer than all else that a dataset of thirty does.
"""

from __future__ import annotations

import zipfile
from pathlib import Path

import av

from tests.photographs import crops, photograph

FRAMES = 8
STRIP = [(60, 200)]  # height, width: a network's smallest of tests/photographs.py


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


def write_many(folder: Path) -> list[Path]:
    """Write 31 pictures, one more than are taken singly, and a damaged one; returns all, sorted."""
    folder.mkdir(exist_ok=True)
    for at, data in enumerate(crops(31, shapes=STRIP)):
        (folder / f"{at:02}.jpg").write_bytes(data)
    (folder / "damaged.jpg").write_bytes(b"\xff\xd8\xff\xe0 no more")
    return sorted(folder.iterdir())


def write_two(path: Path) -> Path:
    """Write a ZIP of two pictures; returns `path`."""
    with zipfile.ZipFile(path, "w") as archive:
        for at, data in enumerate(crops(2, shapes=STRIP)):
            archive.writestr(f"{at}.jpg", data)
    return path
