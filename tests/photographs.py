"""Real photographs of many shapes: those that scikit-image's wheel carries, cropped and scaled."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

import cv2
import numpy as np
import skimage
from numpy.typing import NDArray

FOLDER = Path(skimage.__file__).parent / "data"
NAMES = ("chelsea.png", "coffee.png", "astronaut.png", "rocket.jpg", "motorcycle_left.png")
# height, width: landscape, portrait, square and panorama, seven different network shapes
SHAPES = ((150, 200), (200, 150), (128, 128), (120, 213), (213, 120), (100, 150), (60, 200))


def photograph(name: str) -> NDArray[np.uint8]:
    """Return the photograph, BGR uint8 (h, w, 3)."""
    pixels = cv2.imread(str(FOLDER / name), cv2.IMREAD_COLOR)
    assert pixels is not None, name
    return pixels


@cache
def _photographs() -> list[NDArray[np.uint8]]:
    """Return them all; each takes longer to decode than its crops to encode."""
    return [photograph(name) for name in NAMES]


def crops(count: int, seed: int = 0, shapes: Sequence[tuple[int, int]] = SHAPES) -> Iterator[bytes]:
    """Yield `count` different JPEG files of mixed shapes, the same ones for the same seed."""
    rng = np.random.default_rng(seed)
    photographs = _photographs()
    for number in range(count):
        source = photographs[number % len(photographs)]
        height, width = shapes[number % len(shapes)]
        top = int(rng.integers(0, source.shape[0] - height))
        left = int(rng.integers(0, source.shape[1] - width))
        crop = source[top : top + height, left : left + width]
        ok, encoded = cv2.imencode(".jpg", crop, [cv2.IMWRITE_JPEG_QUALITY, 90])
        assert ok
        yield encoded.tobytes()
