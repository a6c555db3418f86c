"""Photograph, camera and points in one zip, as trainers of Gaussian splats read them.

`images/` and `sparse/0/`: INRIA's reader takes them as they are, nerfstudio's with
`--colmap-path sparse/0`.
"""

from __future__ import annotations

import io
import zipfile

from worker.outputs.encoding.colmap import (
    PinholeImage,
    encode_cameras,
    encode_images,
    encode_points,
)
from worker.outputs.encoding.jpeg import encode_jpeg
from worker.outputs.encoding.zips import entry
from worker.outputs.pointcloud import cloud_of
from worker.outputs.surface import photograph
from worker.outputs.view import Rendering, View

MOST_POINTS = 200_000  # unless `max_points` says otherwise: trainers add points by themselves
_NAME = "photograph.jpg"
_QUALITY = 95


def render(view: View) -> Rendering:
    """Return the zip. Nothing in it is compressed: pixels are, and points hardly would be."""
    surface, colors, kept = cloud_of(view, MOST_POINTS)
    width, height = view.size
    focal = surface.lens.focal_px
    image = PinholeImage(
        _NAME, width, height, focal * width / view.width, focal * height / view.height
    )
    files = {
        f"images/{_NAME}": encode_jpeg(photograph(view, width, height), _QUALITY),
        "sparse/0/cameras.bin": encode_cameras(image),
        "sparse/0/images.bin": encode_images(image),
        "sparse/0/points3D.bin": encode_points(surface.points[kept], colors[kept]),
    }
    return Rendering(_zipped(files), None)


def _zipped(files: dict[str, bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        for name, data in files.items():
            archive.writestr(entry(name), data)
    return file.getvalue()
