"""The golden cases: which seeded image, at which network size, gives which depth."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tests.golden.seeded_weights import image
from worker.models.prepare import prepare

NUMBERS = np.load(Path(__file__).with_name("golden.npz"))
CASES = sorted({name.split(".")[0] for name in NUMBERS.files})


@dataclass(frozen=True)
class Case:
    """One image's tensor (1, 3, H, W), and the original's depth at every 2nd row and column."""

    tensor: np.ndarray
    depth: np.ndarray

    def deviation(self, depth: np.ndarray) -> float:
        """Return the largest difference of `depth` (1, H, W), as a share of the golden's range."""
        difference = np.abs(depth[0, ::2, ::2] - self.depth).max()
        return float(difference / (self.depth.max() - self.depth.min()))


def golden(name: str) -> Case:
    """Return the case called `name` (`HxW_seed`)."""
    size, seed = name.split("_")
    height, width = map(int, size.split("x"))
    net_height, net_width = NUMBERS[f"{name}.net_shape"].tolist()
    tensor = prepare(image(height, width, int(seed)), net_height, net_width)
    return Case(tensor[None], NUMBERS[f"{name}.depth"])
