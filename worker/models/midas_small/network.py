"""MiDaS_small in torch: the reference that the other engines are held to, and its builder."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from worker.models.midas_small.decoder import Decoder
from worker.models.midas_small.encoder import Encoder
from worker.models.midas_small.plan import MIDAS_SMALL, Plan, is_counter, is_unused, tensor_shapes


class Network(nn.Module):
    """Encoder and decoder under the names of the published checkpoint."""

    def __init__(self, pretrained: Encoder, scratch: Decoder) -> None:
        super().__init__()
        self.pretrained = pretrained
        self.scratch = scratch

    def forward(self, image: Tensor) -> Tensor:
        """Return relative inverse depth, larger is nearer.

        `image`: float32 RGB, ImageNet-normalised, H and W multiples of 32.
        """
        features = self.pretrained(image)  # 4 maps, 1/4 … 1/32 of (B, 3, H, W)
        depth: Tensor = self.scratch(features)  # (B, 1, H, W)
        return depth.squeeze(1)  # (B, H, W)


def build_network(tensors: Mapping[str, NDArray[Any]], plan: Plan = MIDAS_SMALL) -> Network:
    """Return the network with `tensors` (name → array, strict on names and shapes), ready to infer.

    What inference never reads (counters, the idle residual unit) may be missing and is filled with
    zeros; anything else missing, strange or of a wrong shape is a RuntimeError of torch's.
    """
    network = Network(
        Encoder(plan.encoder),
        Decoder(plan.level_channels, plan.decoder_channels, plan.head_channels),
    )
    state = {name: torch.from_numpy(array.copy()) for name, array in tensors.items()}
    for name, shape in tensor_shapes().items():
        if name not in state and (is_counter(name) or is_unused(name)):
            state[name] = torch.zeros(shape, dtype=torch.int64 if is_counter(name) else None)
    network.load_state_dict(state, strict=True)
    return network.eval()
