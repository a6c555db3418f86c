"""Deterministic weights for any state dict, made from tensor names and shapes alone.

Published checkpoints cannot be downloaded everywhere. Filling every tensor from a generator seeded
with its own name gives two implementations the same weights without a file, so that their outputs
can be compared. Tables that follow from the architecture (relative position indices, coordinate
tables, attention masks) are not filled: each implementation has its own.
"""

from __future__ import annotations

import zlib

import numpy as np

# These keep the final ReLU open.
OPEN = {"scratch.output_conv.4.bias", "depth_head.scratch.output_conv2.2.bias"}


def tensor(name: str, shape: tuple[int, ...]) -> np.ndarray:
    """Return the seeded array of the state-dict entry `name` (float32; int64 for counters)."""
    if name.endswith("num_batches_tracked"):
        return np.zeros((), np.int64)
    rng = np.random.default_rng(zlib.crc32(name.encode()))
    if name.endswith("running_var"):
        return rng.uniform(0.5, 1.5, shape).astype(np.float32)
    if name.endswith("logit_scale"):
        return (rng.standard_normal(shape, np.float32) * 0.1 + 2.0).astype(np.float32)
    if len(shape) == 4:  # convolution kernel: He-normal over its fan-in
        fan_in = shape[1] * shape[2] * shape[3]
        return rng.standard_normal(shape, np.float32) * np.float32(np.sqrt(2.0 / fan_in))
    if len(shape) == 2:  # matrix: normal over its fan-in
        return rng.standard_normal(shape, np.float32) * np.float32(np.sqrt(1.0 / shape[1]))
    if len(shape) == 3:  # position embeddings, class token
        return rng.standard_normal(shape, np.float32) * np.float32(0.2)
    if name.endswith((".weight", ".gamma")):  # gains of norms and of layer scales
        return rng.uniform(0.4, 0.8, shape).astype(np.float32)
    if name in OPEN:
        return np.full(shape, 400.0, np.float32)
    return rng.standard_normal(shape, np.float32) * np.float32(0.1)
