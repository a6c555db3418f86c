"""Boxes of given aspect ratios around a subject, never outside the picture. Whole pixels."""

from __future__ import annotations

from dataclasses import dataclass

MARGIN = 0.08  # of the subject's longer side, on each side, where the picture has room
Box = tuple[float, float, float, float]  # left, top, right, bottom as fractions


@dataclass(frozen=True)
class Crop:
    """A box in px, and whether the whole subject is in it."""

    left: int
    top: int
    width: int
    height: int
    whole: bool

    def as_dict(self, width: int, height: int) -> dict[str, object]:
        """Return the box as fractions of a picture of `width` and `height`, and in its px."""
        return {
            "box": {
                "left": round(self.left / width, 6),
                "top": round(self.top / height, 6),
                "right": round((self.left + self.width) / width, 6),
                "bottom": round((self.top + self.height) / height, 6),
            },
            "px": {"x": self.left, "y": self.top, "width": self.width, "height": self.height},
            "whole": self.whole,
        }


def crop(subject: Box, ratio: float, zoom: float, width: int, height: int) -> Crop:
    """Return the box of width / height = `ratio` around `subject` in a picture of that size.

    `zoom` 0 is the largest that the picture holds, 1 the smallest that holds the subject and a
    margin. Where the ratio allows no box that holds the subject, it is the largest around its
    middle; of a subject taller than the box the upper part is kept, where heads are.
    """
    left, right = subject[0] * width, subject[2] * width
    top, bottom = subject[1] * height, subject[3] * height
    margin = 2 * MARGIN * max(right - left, bottom - top)
    largest = min(width, height * ratio)
    tightest = min(largest, max(right - left + margin, (bottom - top + margin) * ratio))
    exact = largest + zoom * (tightest - largest)
    w, h = max(1, min(width, round(exact))), max(1, min(height, round(exact / ratio)))
    x, y = _start(left, right, w, width), _start(top, bottom, h, height)
    if bottom - top > h:
        y = max(0, min(int(top), height - h))
    whole = x <= left and right <= x + w and y <= top and bottom <= y + h
    return Crop(x, y, w, h, whole)


def _start(first: float, last: float, length: int, most: int) -> int:
    """Return where a box of `length` starts so that first…last is in its middle, within 0…most."""
    return max(0, min(round((first + last - length) / 2), most - length))
