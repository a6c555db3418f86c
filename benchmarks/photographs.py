"""Pictures to measure with: scikit-image's photographs cut to size, with sensor-like noise.

Plain enlargements would be too smooth and flatter every encoder; the noise brings back what a real
picture of that size has.
"""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

SIZES = {"VGA": (640, 480), "1080p": (1920, 1080), "12 MP": (4000, 3000)}
NAMES = ("coffee", "astronaut", "chelsea", "rocket")
QUALITY, NOISE = 90, 3.0


def picture(number: int, width: int, height: int) -> NDArray[np.uint8]:
    """Return RGB pixels (height, width, 3); another `number`, another picture."""
    from skimage import data

    source = getattr(data, NAMES[number % len(NAMES)])()
    if number // len(NAMES) % 2:
        source = source[:, ::-1]
    scale = max(width / source.shape[1], height / source.shape[0])
    size = (round(source.shape[1] * scale), round(source.shape[0] * scale))
    large = cv2.resize(source, size, interpolation=cv2.INTER_CUBIC)[:height, :width]
    noise = np.random.default_rng(number).normal(0, NOISE, large.shape)
    pixels: NDArray[np.uint8] = np.clip(large + noise, 0, 255).astype(np.uint8)
    return pixels


def jpeg(number: int, width: int, height: int) -> bytes:
    """Return the picture as a JPEG file."""
    bgr = cv2.cvtColor(picture(number, width, height), cv2.COLOR_RGB2BGR)
    done, data = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
    if not done:
        raise RuntimeError("cv2 could not write a JPEG")
    return data.tobytes()


def files(folder: Path, count: int, width: int, height: int) -> list[Path]:
    """Write `count` different JPEG files of that size into `folder` and return their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"{width}x{height}-{number}.jpg" for number in range(count)]
    for number, path in enumerate(paths):
        path.write_bytes(jpeg(number, width, height))
    return paths
