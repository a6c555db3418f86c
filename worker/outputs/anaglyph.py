"""Both eyes' views in one picture for red-cyan glasses, red before the left eye.

The matrices are Dubois's for these glasses ("A projection method to generate anaglyph stereo
images", ICASSP 2001, and his tables of 2009): of all colors that a screen can show, each pixel has
those that come nearest, through both filters, to what the two eyes should see. They hold for
linear light.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from worker.outputs.encoding.jpeg import encode_bgr_jpeg
from worker.outputs.photograph import Pixels
from worker.outputs.stereo import eyes
from worker.outputs.view import Rendering, View

LEFT = np.array(
    [
        [0.456100, 0.500484, 0.176381],
        [-0.0400822, -0.0378246, -0.0157589],
        [-0.0152161, -0.0205971, -0.00546856],
    ],
    np.float32,
)
RIGHT = np.array(
    [
        [-0.0434706, -0.0879388, -0.00155529],
        [0.378476, 0.73364, -0.0184503],
        [-0.0721527, -0.112961, 1.2264],
    ],
    np.float32,
)
_QUALITY = 92
_STEPS = 4095  # of linear light, of which each is less than a step of 8-bit sRGB


def render(view: View) -> Rendering:
    """Return the anaglyph as JPEG, its colors at full resolution: they carry the two views."""
    width, height = view.size
    mixed = np.empty((height, width, 3), np.uint8)
    for top, left, right in eyes(view):
        mixed[top : top + len(left)] = cv2.cvtColor(anaglyph(left, right), cv2.COLOR_RGB2BGR)
    return Rendering(encode_bgr_jpeg(mixed, _QUALITY, full_color=True), view.size)


def anaglyph(left: Pixels, right: Pixels) -> Pixels:
    """Return one picture, uint8 (h, w, 3), of the views `left` and `right`."""
    light = cv2.transform(_LINEAR[left], LEFT)
    light += cv2.transform(_LINEAR[right], RIGHT)
    np.clip(light, 0, 1, out=light)
    mixed: Pixels = _ENCODED[(light * _STEPS + 0.5).astype(np.uint16)]
    return mixed


def _linear() -> NDArray[np.float32]:
    """Return the light of each 8-bit code (IEC 61966-2-1)."""
    code = np.arange(256) / 255
    light = np.where(code <= 0.04045, code / 12.92, ((code + 0.055) / 1.055) ** 2.4)
    return light.astype(np.float32)


def _encoded() -> NDArray[np.uint8]:
    """Return the 8-bit code of each step of linear light."""
    light = np.arange(_STEPS + 1) / _STEPS
    code = np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)
    return (code * 255).round().astype(np.uint8)


_LINEAR, _ENCODED = _linear(), _encoded()
