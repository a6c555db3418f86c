"""The golden cases of the larger models: which seeded image gives which input and depth."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from contract.models.registry import MODELS
from tests.golden.models.seeded_weights import tensor
from tests.golden.seeded_weights import image

FOLDER = Path(__file__).parent
NAMES = (
    "depth_anything_v2_vits",
    "dpt_hybrid_384",
    "dpt_large_384",
    "dpt_swin2_tiny_256",
    "midas_v21_384",
)
CASES = ("300x300_3", "480x640_1", "640x480_2")


def published(model: str) -> dict[str, tuple[int, ...]]:
    """Return name → shape of every weight of the published checkpoint, in its order."""
    listing = files(f"worker.models.{model}").joinpath(f"{model}.tensors.json")
    entries = json.loads(listing.read_text(encoding="utf-8"))
    return {name: tuple(shape) for name, shape in entries.items()}


@lru_cache(maxsize=1)  # drawing 25 to 340 million numbers takes a second and more
def state_dict(model: str) -> Mapping[str, np.ndarray]:
    """Return the seeded weights of `model`; they are shared, and not to be written to."""
    return {name: tensor(name, shape) for name, shape in published(model).items()}


def network(model: str) -> Any:
    """Return the torch network with the seeded weights; torch is imported here, as it is slow."""
    from importlib import import_module

    return import_module(f"worker.models.{model}.network").build_network(state_dict(model))


def prepared(model: str, height: int, width: int, seed: int) -> np.ndarray:
    """Return the input (1, 3, H, W) as the originals compute it: in float64, with OpenCV."""
    rule = MODELS[model].input
    net_height, net_width = rule.net_size(height, width)
    rgb = image(height, width, seed) / 255.0
    resized = cv2.resize(rgb, (net_width, net_height), interpolation=cv2.INTER_CUBIC)
    normalised = (resized - rule.mean) / rule.std
    return np.ascontiguousarray(normalised.transpose(2, 0, 1)[None], np.float32)


@dataclass(frozen=True)
class Case:
    """One image's input (1, 3, H, W), and what the original makes of it, subsampled."""

    size: tuple[int, int]
    tensor: np.ndarray
    input: np.ndarray  # every 8th row and column
    depth: np.ndarray  # every 4th row and column
    full: np.ndarray  # at the image's size, about 96 rows and columns of it

    def deviation(self, depth: np.ndarray) -> float:
        """Return the largest difference of `depth` (1, H, W), as a share of the golden's range."""
        return _share(depth[0, ::4, ::4], self.depth)

    def full_deviation(self, full: np.ndarray) -> float:
        """Return the same of `full`, the depth at the image's size."""
        down, across = (max(1, side // 96) for side in self.size)
        return _share(full[::down, ::across], self.full)


def golden(model: str, case: str) -> Case:
    """Return the case called `case` (`HxW_seed`) of `model`."""
    numbers = np.load(FOLDER / f"{model}.golden.npz")
    size, seed = case.split("_")
    height, width = map(int, size.split("x"))
    tensor = prepared(model, height, width, int(seed))
    assert list(tensor.shape[2:]) == numbers[f"{case}.net_shape"].tolist()
    parts = (numbers[f"{case}.{part}"] for part in ("input", "depth", "full"))
    return Case((height, width), tensor, *parts)


def _share(ours: np.ndarray, theirs: np.ndarray) -> float:
    return float(np.abs(ours - theirs).max() / (theirs.max() - theirs.min()))
