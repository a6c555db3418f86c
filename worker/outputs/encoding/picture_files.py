"""Pictures as files by OpenCV's encoders, with errors that are the project's own."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from contract.errors import InternalError


def encoded(extension: str, pixels: NDArray[np.uint8], settings: tuple[int, ...]) -> bytes:
    """Return `pixels`, gray or BGR, encoded as `extension`. Raises InternalError if it cannot be.

    `settings` alternate between OpenCV's numbers of parameters and their values.
    """
    try:
        done, data = cv2.imencode(extension, pixels, settings)
    except cv2.error as exc:
        raise InternalError(f"the {extension} encoder refused {pixels.shape}: {exc}") from exc
    if not done:
        raise InternalError(f"the {extension} encoder refused an image of {pixels.shape}")
    return bytes(data)
