"""A photograph and its depth → the picture that a lens of a wide aperture draws.

A point that is out of focus becomes a disc; its radius is proportional to the difference of
inverse depth to what is in focus (thin lens). The picture is cut into layers of like radius, each
blurred with its own soft mask as premultiplied linear light, and laid over each other from the far
one to the near one. What a near layer hides of those behind is filled from beside it.

- Behind the focus each layer is divided by its own blurred mask in the end, so that no color of
  what stands before it comes in: no halo around the subject.
- Before the focus layers are blurred over what is behind them, beyond their own edges.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float32]

TILE_PX = 1024  # of a side: bounds the memory of a 50 MP picture
_LEAST_STEP_PX = 1.5  # of radius between layers
_MOST_LAYERS = 8  # on each side of the focus
_SHARP_PX = 0.6  # a smaller radius is sharp
_KERNEL_PX = 6.0  # larger discs are blurred in a smaller picture
_EDGE_PX = 2  # from an edge: pixels that show both sides
_EDGE_RADIUS_PX = 2.0  # such a step of radius is an edge, and such a disc fills what is left out
_REACH_PX = 16  # beyond a disc's own radius: of its scaled kernel, and of what is filled in
_NOTHING = 1e-4
_LIGHTS, _POWER = 3.0, 8  # a clipped highlight had more light than 1: up to 1 + _LIGHTS
_CODES = 1 << 16


@dataclass(frozen=True)
class Aperture:
    """Depth (as given, larger is nearer) in focus, and radius in px per unit of depth away."""

    focus: float
    px_per_depth: float


def refocused(rgb: Pixels, depth: Floats, lens: Aperture) -> Pixels:
    """Return `rgb`, uint8 (H, W, 3), with what is out of focus blurred; `depth` is (H, W).

    Works on tiles, with as much more on each side as the largest disc reaches.
    """
    layers = _layers(*_radii(np.array([depth.min(), depth.max()]), lens).tolist())
    margin = int(np.ceil(max(abs(radius) for radius in layers))) + _REACH_PX
    made = np.empty_like(rgb)
    for rows, wide_rows in _parts(rgb.shape[0], margin):
        for columns, wide_columns in _parts(rgb.shape[1], margin):
            wide = wide_rows, wide_columns
            light = _composed(_light(rgb[wide]), _radii(depth[wide], lens), layers)
            top, left = rows.start - wide_rows.start, columns.start - wide_columns.start
            tile = made[rows, columns]
            tile[:] = _codes(light[top : top + tile.shape[0], left : left + tile.shape[1]])
    return made


def _radii(depth: Floats, lens: Aperture) -> Floats:
    return (depth - np.float32(lens.focus)) * np.float32(lens.px_per_depth)


def _parts(length: int, margin: int) -> Iterator[tuple[slice, slice]]:
    """Yield parts of a side, each without and with its margin."""
    for start in range(0, length, TILE_PX):
        stop = min(length, start + TILE_PX)
        yield slice(start, stop), slice(max(0, start - margin), min(length, stop + margin))


def _layers(least: float, most: float) -> list[float]:
    """Return radii of layers in ascending order: negative behind the focus, positive before it."""
    found = {0.0}
    for end in (min(least, 0), max(most, 0)):
        if abs(end) > _SHARP_PX:
            count = max(1, min(_MOST_LAYERS, round(abs(end) / _LEAST_STEP_PX)))
            found |= {end * (k / count) ** 1.3 for k in range(1, count + 1)}
    return sorted(found)


def _composed(light: Floats, radii: Floats, layers: list[float]) -> Floats:
    """Return linear light (h, w, 3) of all layers, each seen through the lens.

    `light` is (h, w, 4): red, green, blue and 1.
    """
    behind, before = np.zeros_like(light), np.zeros_like(light)
    cover = np.zeros_like(radii)  # of all that is before the focus: not more than 1
    pure = _pure(radii)
    for radius, weight in _weights(radii, layers):
        if radius < -_EDGE_RADIUS_PX:
            weight *= pure
        where = _around(weight, abs(radius))
        if where is None:
            continue
        layer = blurred(light[where] * weight[where][:, :, None], abs(radius))
        below = (behind if radius <= 0 else before)[where]
        below *= 1 - np.minimum(layer[:, :, 3:], 1)
        below += layer
        if radius > 0:
            cover[where] += layer[:, :, 3]
    far = filled(behind)
    if not cover.any():
        return far
    share = np.minimum(cover, 1)[:, :, None]
    near = before[:, :, :3] / np.maximum(before[:, :, 3:], _NOTHING)
    return np.asarray(far * (1 - share) + near * share, np.float32)


def _around(weight: Floats, radius: float) -> tuple[slice, slice] | None:
    """Return the rows and columns that a disc of `radius` around any of `weight` reaches."""
    x, y, width, height = cv2.boundingRect((weight > 0).astype(np.uint8))
    if not width:
        return None
    reach = int(np.ceil(radius)) + _REACH_PX if radius >= _SHARP_PX else 0
    return (
        slice(max(0, y - reach), y + height + reach),
        slice(max(0, x - reach), x + width + reach),
    )


def _weights(radii: Floats, layers: list[float]) -> Iterator[tuple[float, Floats]]:
    """Yield each layer's radius and mask (h, w), 0…1; all masks add up to 1 everywhere."""
    for index, radius in enumerate(layers):
        weight = np.ones_like(radii)
        if index > 0:
            weight = np.minimum(weight, (radii - layers[index - 1]) / (radius - layers[index - 1]))
        if index + 1 < len(layers):
            weight = np.minimum(weight, (layers[index + 1] - radii) / (layers[index + 1] - radius))
        yield radius, np.maximum(weight, 0, dtype=np.float32)


def _pure(radii: Floats) -> Floats:
    """Return 0 (h, w) beside an edge of something nearer, whose color is mixed in there, else 1."""
    side = 2 * _EDGE_PX + 1
    nearest = cv2.dilate(radii, np.ones((side, side), np.uint8))
    return np.asarray(nearest - radii <= _EDGE_RADIUS_PX, np.float32)


def blurred(layer: Floats, radius: float) -> Floats:
    """Return `layer`, (h, w, n), blurred with a disc of `radius` px; large discs when small."""
    if radius < _SHARP_PX:
        return layer
    scale = 1
    while radius / scale > _KERNEL_PX:
        scale *= 2
    height, width = layer.shape[:2]
    small = layer
    if scale > 1:
        size = max(1, round(width / scale)), max(1, round(height / scale))
        small = cv2.resize(layer, size, interpolation=cv2.INTER_AREA)
    spread = cv2.filter2D(small, -1, disc(radius / scale), borderType=cv2.BORDER_REPLICATE)
    if scale > 1:
        spread = cv2.resize(spread, (width, height), interpolation=cv2.INTER_LINEAR)
    return np.asarray(spread, np.float32)


def disc(radius: float) -> Floats:
    """Return the kernel of a disc, smooth over its last pixel, that adds up to 1."""
    reach = int(np.ceil(radius + 0.5))
    y, x = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    kernel = np.clip(radius + 0.5 - np.hypot(x, y), 0, 1)
    return np.asarray(kernel / kernel.sum(), np.float32)


def filled(layer: Floats) -> Floats:
    """Return the colors (h, w, 3) of premultiplied `layer`, where it has none those from beside.

    Pull-push: each smaller picture covers what the larger one leaves open.
    """
    height, width = layer.shape[:2]
    color = layer[:, :, :3] / np.maximum(layer[:, :, 3:], _NOTHING)
    share = np.minimum(layer[:, :, 3:] * 4, 1)
    if min(height, width) <= 1 or share.min() >= 1:
        return np.asarray(color, np.float32)
    size = (width + 1) // 2, (height + 1) // 2
    smaller = cv2.resize(np.dstack([color * share, share]), size, interpolation=cv2.INTER_AREA)
    wide = cv2.resize(filled(smaller), (width, height), interpolation=cv2.INTER_LINEAR)
    return np.asarray(color * share + wide * (1 - share), np.float32)


def _tone() -> Floats:
    """Return light, 0…1 + _LIGHTS, of each sRGB code (IEC 61966-2-1), highlights raised."""
    code = np.arange(256) / 255
    linear = np.where(code <= 0.04045, code / 12.92, ((code + 0.055) / 1.055) ** 2.4)
    return np.asarray(linear * (1 + _LIGHTS * linear**_POWER), np.float32)


_TONE = _tone()
_HALFWAY = (_TONE[1:] + _TONE[:-1]) / 2  # where one code gives way to the next
_BACK = np.searchsorted(_HALFWAY, np.arange(_CODES) * ((1 + _LIGHTS) / (_CODES - 1)))
_BACK = _BACK.astype(np.uint8)


def _light(rgb: Pixels) -> Floats:
    """Return linear light, float32 (h, w, 4): red, green, blue, and 1."""
    light = np.ones((*rgb.shape[:2], 4), np.float32)
    light[:, :, :3] = cv2.LUT(rgb, _TONE)
    return light


def _codes(light: Floats) -> Pixels:
    """Return the sRGB codes of `light`: the photograph's own where nothing is blurred."""
    steps = light * np.float32((_CODES - 1) / (1 + _LIGHTS)) + np.float32(0.5)
    return np.asarray(_BACK[np.clip(steps, 0, _CODES - 1).astype(np.uint16)], np.uint8)
