"""DPT-Swin2-Tiny in torch.

Source: Birkl et al., "MiDaS v3.1" (arXiv 2307.14460); the encoder is Swin transformer v2, tiny (Liu
et al., arXiv 2111.09883).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import timm
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from worker.models.dpt.fusion import Decoder
from worker.models.dpt.loading import load

BACKBONE = "swinv2_tiny_window16_256"
LEVEL_CHANNELS = (96, 192, 384, 768)
DECODER_CHANNELS = 256
# The blocks whose tokens are tapped; in the third stage not the last one.
TAPS = (1, 1, 5, 1)
# What the published file holds beside its weights: tables that follow from the architecture.
TABLES = ("attn.relative_coords_table", "attn.relative_position_index", "attn_mask")


class Stage(nn.Module):
    """Blocks, and the merging of patches that leads to the next stage."""

    def __init__(self, blocks: nn.Module, downsample: nn.Module) -> None:
        super().__init__()
        self.blocks = blocks
        self.downsample = downsample


class Backbone(nn.Module):
    """timm's network under the published names: merging ends a stage instead of opening one."""

    def __init__(self) -> None:
        super().__init__()
        net = timm.create_model(BACKBONE, pretrained=False)
        merges = [stage.downsample for stage in net.layers[1:]] + [nn.Identity()]
        self.patch_embed = net.patch_embed
        self.layers = nn.ModuleList(
            Stage(stage.blocks, merge) for stage, merge in zip(net.layers, merges, strict=True)
        )
        self.norm = net.norm
        self.head = net.head.fc


class Encoder(nn.Module):
    """RGB (B, 3, 256, 256), normalised → four feature maps, 1/4 to 1/32 of the sides."""

    def __init__(self) -> None:
        super().__init__()
        self.model = Backbone()

    def forward(self, image: Tensor) -> list[Tensor]:
        """Return the feature maps, finest first: 96, 192, 384, 768 channels."""
        x = self.model.patch_embed(image)  # (B, 64, 64, 96): channels last
        features = []
        stages: Any = self.model.layers
        for stage, tap in zip(stages, TAPS, strict=True):
            for index, block in enumerate(stage.blocks):
                x = block(x)  # (B, h, w, C)
                if index == tap:
                    features.append(x.permute(0, 3, 1, 2))  # (B, C, h, w)
            x = stage.downsample(x)  # (B, h/2, w/2, 2C)
        return features


class Network(nn.Module):
    """Encoder and decoder under the names of the published checkpoint."""

    def __init__(self) -> None:
        super().__init__()
        self.pretrained = Encoder()
        self.scratch = Decoder(LEVEL_CHANNELS, DECODER_CHANNELS, head_aligns_corners=True)

    def forward(self, image: Tensor) -> Tensor:
        """Return relative inverse depth (B, 256, 256), larger is nearer.

        `image`: float32 RGB (B, 3, 256, 256), from -1 to 1.
        """
        depth: Tensor = self.scratch(self.pretrained(image))  # (B, 1, 256, 256)
        return depth.squeeze(1)  # (B, 256, 256)


def build_network(tensors: Mapping[str, NDArray[Any]]) -> Network:
    """Return the network with `tensors`, ready to infer; see `load`.

    The tables that the published file holds may be there; another content than the architecture
    gives is a RuntimeError, as the network would not be the one that was trained.
    """
    weights = {name: array for name, array in tensors.items() if not is_table(name)}
    network = load(Network, weights, keeps_tables=True)
    buffers = dict(network.named_buffers())
    for name in filter(is_table, tensors):
        ours, theirs = buffers.get(name), torch.from_numpy(tensors[name].copy())
        if ours is None or ours.shape != theirs.shape or not torch.allclose(ours, theirs):
            raise RuntimeError(f"{name}: another table than the architecture's")
    return network


def is_table(name: str) -> bool:
    """Tell whether `name` is a table that follows from the architecture, not a weight."""
    return name.endswith(TABLES)
