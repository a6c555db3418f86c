"""How large a network sees an image, and how its pixels are normalised: arithmetic only.

The rules are those of the original's transforms (isl-org/MiDaS `midas/transforms.py`,
DepthAnything/Depth-Anything-V2 `depth_anything_v2/util/transform.py`); all resize bicubically.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

Rule = Literal["upper_bound", "lower_bound", "minimal", "exact"]
Triple = tuple[float, float, float]

IMAGENET_MEAN: Triple = (0.485, 0.456, 0.406)
IMAGENET_STD: Triple = (0.229, 0.224, 0.225)
HALF: Triple = (0.5, 0.5, 0.5)


@dataclass(frozen=True)
class InputRule:
    """The transform of one network. Sizes in px, mean and std of RGB in 0…1.

    `rule` says which side becomes `side_px`: `upper_bound` the longer, `lower_bound` the shorter,
    `minimal` the one that is nearer to it, `exact` both (the aspect ratio is not kept). Then both
    sides are rounded to multiples of `multiple_px`.
    """

    side_px: int
    rule: Rule
    multiple_px: int
    mean: Triple = IMAGENET_MEAN
    std: Triple = IMAGENET_STD
    # The network's input is at most this many times as long as `side_px`, whatever the image's
    # shape: beyond, a panorama of a few pixels' height would take all memory. Ours alone.
    most_sides: int = 10

    def net_size(self, height: int, width: int) -> tuple[int, int]:
        """Return the network's input height and width for an upright image of height x width.

        Never 0, where the original's would be: at least one multiple.
        """
        if self.rule == "exact":
            return self.side_px, self.side_px
        scale = self._scale(height, width)
        return self._multiple(scale * height), self._multiple(scale * width)

    def decoded_long_side_px(self, height: int, width: int, margin: int) -> int:
        """Return how long the long side of a decoded image must be, at least, if it is that long.

        Both sides then have `margin` times the pixels that the network sees of them.
        """
        if self.rule == "exact":
            return math.ceil(margin * self.side_px * max(height, width) / min(height, width))
        return margin * max(self.net_size(height, width))

    @property
    def most_px(self) -> int:
        """The most pixels that `net_size` can have."""
        if self.rule in ("exact", "upper_bound"):
            return self._multiple_up(self.side_px) ** 2
        return self._multiple_up(self.side_px) * self._multiple_up(self.most_sides * self.side_px)

    def _scale(self, height: int, width: int) -> float:
        by_height, by_width = self.side_px / height, self.side_px / width
        if self.rule == "upper_bound":
            return min(by_height, by_width)
        if self.rule == "lower_bound":
            scale = max(by_height, by_width)
        else:
            scale = by_width if abs(1 - by_width) < abs(1 - by_height) else by_height
        return min(scale, self.most_sides * min(by_height, by_width))

    def _multiple(self, side: float) -> int:
        rounded = round(side / self.multiple_px) * self.multiple_px  # half to even, as numpy
        if self.rule == "upper_bound" and rounded > self.side_px:
            rounded = math.floor(side / self.multiple_px) * self.multiple_px
        if self.rule == "lower_bound" and rounded < self.side_px <= math.ceil(side):
            rounded = self._multiple_up(side)
        return max(rounded, self.multiple_px)

    def _multiple_up(self, side: float) -> int:
        return math.ceil(side / self.multiple_px) * self.multiple_px
