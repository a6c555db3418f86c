"""Pictures that a program has decoded itself: NumPy arrays and PIL images, as upright RGB."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from contract.errors import ImageUndecodable
from worker.imaging.pillow import rgb_of


def upright_rgb(picture: NDArray[np.uint8] | Image.Image) -> NDArray[np.uint8]:
    """Return uint8 (h, w, 3): on white, turned as EXIF says. Raises ImageUndecodable."""
    if isinstance(picture, Image.Image):
        return rgb_of(ImageOps.exif_transpose(picture))
    if picture.ndim != 3 or picture.shape[2] != 3 or picture.dtype != np.uint8 or not picture.size:
        raise ImageUndecodable(
            f"An array must be RGB, uint8 (height, width, 3), not {picture.dtype} {picture.shape}."
        )
    return np.ascontiguousarray(picture)
