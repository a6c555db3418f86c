"""Photograph, heat map and legend on one sheet. The heat map's edges follow the photograph's."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from contract.outputs.heatmap import HeatmapOptions
from worker.outputs.encoding.guided import guided_upsample
from worker.outputs.encoding.jpeg import encode_jpeg
from worker.outputs.heatmap import Shades, heatmap
from worker.outputs.photograph import Pixels, fitted, photograph
from worker.outputs.view import Rendering, View

MOST_SIDE_PX = 1280  # of either picture: enough for a screen, small enough for a message
_LEAST_HEIGHT_PX = 120  # of the sheet's pictures: the legend needs room for its words
_QUALITY = 90
_PAPER, _INK = (255, 255, 255), (40, 40, 40)


@dataclass(frozen=True)
class Sheet:
    """Where things stand, in px."""

    width: int  # of either picture
    height: int
    font: int
    bar: int  # width of the legend's bar
    words: int  # width of the legend's words

    @property
    def margin(self) -> int:
        """Between all things."""
        return self.font

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the sheet."""
        wide = 2 * self.width + self.bar + self.words + 5 * self.margin
        return wide, max(self.height, _LEAST_HEIGHT_PX) + 3 * self.margin + self.font

    @property
    def bar_left(self) -> int:
        """Where the legend begins."""
        return 2 * self.width + 3 * self.margin


def render(view: View) -> Rendering:
    """Return the sheet as JPEG; its colors are those of the heat map's options."""
    options = view.options.of(HeatmapOptions)
    shades = Shades(options.colormap, options.invert)
    rgb = fitted(photograph(view), MOST_SIDE_PX)
    height, width = rgb.shape[:2]
    depth = guided_upsample(view.depth, rgb)
    ends = view.shared_range or view.net_range
    heat = _rgb(heatmap(depth, *ends, shades, width, height))
    sheet = _draw(rgb, heat, shades)
    return Rendering(encode_jpeg(sheet, _QUALITY), (sheet.shape[1], sheet.shape[0]))


def _rgb(painted: Pixels) -> Pixels:
    code = cv2.COLOR_GRAY2RGB if painted.ndim == 2 else cv2.COLOR_BGR2RGB
    return np.asarray(cv2.cvtColor(painted, code), np.uint8)


def _draw(rgb: Pixels, heat: Pixels, shades: Shades) -> Pixels:
    height, width = rgb.shape[:2]
    font_px = max(13, min(26, height // 24))
    font = ImageFont.load_default(font_px)  # Pillow's own outlines: sharp at any size
    # the nearest is at the top, as in the bar
    words = int(max(font.getlength(word) for word in ("near", "far")))
    sheet = Sheet(width, height, font_px, font_px, words)
    image = Image.new("RGB", sheet.size, _PAPER)
    margin = sheet.margin
    image.paste(Image.fromarray(rgb), (margin, margin))
    image.paste(Image.fromarray(heat), (width + 2 * margin, margin))
    bar_height = max(height, _LEAST_HEIGHT_PX)
    image.paste(Image.fromarray(_bar(shades, sheet.bar, bar_height)), (sheet.bar_left, margin))
    draw = ImageDraw.Draw(image)
    right = sheet.bar_left + sheet.bar + margin // 2
    draw.text((right, margin), "near", _INK, font, anchor="lt")
    draw.text((right, margin + bar_height), "far", _INK, font, anchor="ls")
    below = 2 * margin + bar_height
    draw.text((margin, below), "photograph", _INK, font, anchor="lt")
    caption = _caption(font, sheet.size[0] - width - 3 * margin)
    draw.text((width + 2 * margin, below), caption, _INK, font, anchor="lt")
    return np.asarray(image)


def _caption(font: ImageFont.FreeTypeFont | ImageFont.ImageFont, room: int) -> str:
    """Return the longest caption that fits: depth is relative, and that is never left out."""
    choices = ("relative depth: order, not meters", "relative depth", "relative")
    return next((text for text in choices if font.getlength(text) <= room), choices[-1])


def _bar(shades: Shades, width: int, height: int) -> Pixels:
    """Return the legend's colors, nearest at the top, uint8 (height, width, 3)."""
    codes = np.linspace(255, 0, height).round().astype(np.uint8)
    return _rgb(shades.paint(np.repeat(codes[:, None], width, axis=1)))
