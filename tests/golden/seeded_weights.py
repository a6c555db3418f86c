"""Deterministic weights for a MiDaS_small state dict, made from tensor names and shapes alone.

The network's published checkpoint cannot be downloaded everywhere. Filling every tensor from a
generator seeded with its own name gives two implementations the same weights without a file, so
that their outputs can be compared number by number.
"""

from __future__ import annotations

import json
import zlib
from pathlib import Path

import numpy as np

STATE_DICT = Path(__file__).with_name("midas_small.state_dict.json")


def tensor(name: str, shape: tuple[int, ...]) -> np.ndarray:
    """Return the seeded array for the state-dict entry `name` (float32; int64 for counters)."""
    if name.endswith("num_batches_tracked"):
        return np.zeros((), np.int64)
    rng = np.random.default_rng(zlib.crc32(name.encode()))
    if len(shape) == 4:  # convolution kernel: He-normal over its fan-in
        fan_in = shape[1] * shape[2] * shape[3]
        return (rng.standard_normal(shape) * np.sqrt(2.0 / fan_in)).astype(np.float32)
    if name.endswith("running_var"):
        return rng.uniform(0.5, 1.5, shape).astype(np.float32)
    if name.startswith("pretrained.") and name.endswith(".weight"):  # batch-norm gain
        return rng.uniform(0.4, 0.8, shape).astype(np.float32)
    if name == "scratch.output_conv.4.bias":  # keeps the final ReLU open
        return np.full(shape, 30.0, np.float32)
    return (rng.standard_normal(shape) * 0.1).astype(np.float32)


def state_dict() -> dict[str, np.ndarray]:
    """Return the whole seeded state dict, keyed and ordered as the published checkpoint is."""
    entries = json.loads(STATE_DICT.read_text())
    return {name: tensor(name, tuple(shape)) for name, shape in entries.items()}


def image(height: int, width: int, seed: int) -> np.ndarray:
    """Return a seeded RGB test image, uint8, shape (height, width, 3): smooth blobs plus noise."""
    rng = np.random.default_rng(seed)
    y, x = np.arange(float(height))[:, None], np.arange(float(width))
    planes = []
    for _ in range(3):
        plane = np.zeros((height, width))
        for _ in range(12):
            cy, cx = rng.uniform(0, height), rng.uniform(0, width)
            radius, level = rng.uniform(0.05, 0.5) * max(height, width), rng.uniform(-1, 1)
            down, across = (
                np.exp(-((side - c) ** 2) / (2 * radius**2)) for side, c in ((y, cy), (x, cx))
            )
            plane += level * down * across
        planes.append(plane)
    stack = np.stack(planes, axis=-1)
    stack = (stack - stack.min()) / (stack.max() - stack.min()) * 235 + 10
    stack += rng.normal(0, 4, stack.shape)
    return np.clip(np.rint(stack), 0, 255).astype(np.uint8)
