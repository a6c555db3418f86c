"""The baseline "original": the network as it was published, run the way its README runs it.

Torch, eager, fp32, memory layout NCHW, batch norms kept, and the decoder's 1x1 projections after
the up-sampling, where they see four times the pixels. Same weights, same result.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from worker.engines.protocol import Depths, Images
from worker.models.midas_small.decoder import FusionBlock
from worker.models.midas_small.network import build_network
from worker.weights.resolve import bundled
from worker.weights.tensors import read_tensors


class OriginalFusionBlock(FusionBlock):
    """Doubles first and projects then."""

    def forward(self, skip: Tensor, coarse: Tensor | None = None) -> Tensor:
        """(B, C, h, w) and the same → (B, C', 2h, 2w)."""
        x = skip if coarse is None else coarse + self.resConfUnit1(skip)
        x = self.resConfUnit2(x)
        x = functional.interpolate(x, scale_factor=2, mode="bilinear", align_corners=True)
        projected: Tensor = self.out_conv(x)
        return projected


def original_network() -> Any:
    """Return the original's module with the bundled weights."""
    network = build_network(read_tensors(bundled().path))
    for level in (1, 2, 3, 4):
        network.scratch.get_submodule(f"refinenet{level}").__class__ = OriginalFusionBlock
    return network


def torch_infer(
    network: Any, *, channels_last: bool = False, bf16: bool = False
) -> Callable[[Images], Depths]:
    """Return a function that runs `network` on a batch, float32 in and out."""
    layout = torch.channels_last if channels_last else torch.contiguous_format
    network = network.to(memory_format=layout)
    if bf16:
        network = network.to(torch.bfloat16)

    def infer(batch: Images) -> Depths:
        with torch.inference_mode():
            images = torch.from_numpy(np.ascontiguousarray(batch)).contiguous(memory_format=layout)
            depth = network(images.to(torch.bfloat16) if bf16 else images)
            array: Depths = depth.float().contiguous().numpy()
        return array

    return infer
