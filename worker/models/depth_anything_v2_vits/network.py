"""Depth Anything V2, small, in torch.

Source: Yang et al., "Depth Anything V2" (arXiv 2406.09414); the encoder is DINOv2's ViT-S/14 (Oquab
et al., arXiv 2304.07193), the decoder DPT's (arXiv 2103.13413) without its readout.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import timm
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from worker.models.depth_anything_v2_vits.positions import resize_bicubic
from worker.models.dpt.fusion import Fusion
from worker.models.dpt.loading import load
from worker.models.dpt.reassemble import as_map, enlarge, halve
from worker.models.dpt.tokens import Grid, resize_positions, run_blocks, tokens_of

BACKBONE = "vit_small_patch14_dinov2"
PATCH_PX = 14
WIDTH = 384
TAPS = (2, 5, 8, 11)
LEVEL_CHANNELS = (48, 96, 192, 384)
DECODER_CHANNELS = 64
HEAD_CHANNELS = 32


class Encoder(nn.Module):
    """RGB (B, 3, H, W), normalised → the tokens (B, 1 + N, 384) of four blocks, normalised."""

    def __init__(self) -> None:
        super().__init__()
        net = timm.create_model(BACKBONE, pretrained=False)
        self.cls_token = net.cls_token
        self.pos_embed = net.pos_embed
        self.mask_token = nn.Parameter(torch.empty(1, WIDTH))  # published, for training only
        self.patch_embed = net.patch_embed
        self.blocks = net.blocks
        self.norm = net.norm

    def forward(self, image: Tensor, grid: Grid) -> list[Tensor]:
        """Return the tokens, the earliest block's first."""
        patches = self.patch_embed.proj(image)  # (B, 384, H/14, W/14)
        positions = resize_positions(self.pos_embed, lambda square: resize_bicubic(square, grid))
        tokens = tokens_of(patches, self, positions)  # (B, 1 + N, 384)
        return [self.norm(tapped) for tapped in run_blocks(self, tokens, TAPS)]


class Scratch(Fusion):
    """Fusion, and the two halves of the head: between them the input's size is restored."""

    def __init__(self) -> None:
        super().__init__(LEVEL_CHANNELS, DECODER_CHANNELS)
        self.output_conv1 = nn.Conv2d(DECODER_CHANNELS, HEAD_CHANNELS, 3, padding=1)
        self.output_conv2 = nn.Sequential(
            nn.Conv2d(HEAD_CHANNELS, HEAD_CHANNELS, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(HEAD_CHANNELS, 1, 1),
            nn.ReLU(),
        )


class DepthHead(nn.Module):
    """Tokens of four blocks → depth (B, 1, H, W), never negative."""

    def __init__(self) -> None:
        super().__init__()
        self.projects = nn.ModuleList(nn.Conv2d(WIDTH, taken, 1) for taken in LEVEL_CHANNELS)
        first, second, _, fourth = LEVEL_CHANNELS
        self.resize_layers = nn.ModuleList(
            [enlarge(first, 4), enlarge(second, 2), nn.Identity(), halve(fourth)]
        )
        self.scratch = Scratch()

    def forward(self, tapped: Sequence[Tensor], grid: Grid) -> Tensor:
        """Return the depth; `grid` is the number of patches down and across."""
        features = []
        for tokens, project, resize in zip(tapped, self.projects, self.resize_layers, strict=True):
            patches = as_map(tokens[:, 1:], grid)  # (B, 384, rows, columns)
            features.append(resize(project(patches)))  # (B, C', h, w)
        x = self.scratch.output_conv1(self.scratch.fuse(features))  # (B, 32, 8 rows, 8 columns)
        size = (grid[0] * PATCH_PX, grid[1] * PATCH_PX)
        x = functional.interpolate(x, size, mode="bilinear", align_corners=True)  # (B, 32, H, W)
        depth: Tensor = self.scratch.output_conv2(x)  # (B, 1, H, W)
        return depth


class Network(nn.Module):
    """Encoder and decoder under the names of the published checkpoint."""

    def __init__(self) -> None:
        super().__init__()
        self.pretrained = Encoder()
        self.depth_head = DepthHead()

    def forward(self, image: Tensor) -> Tensor:
        """Return relative inverse depth (B, H, W), larger is nearer.

        `image`: float32 RGB (B, 3, H, W), ImageNet-normalised, H and W multiples of 14.
        """
        grid = (image.shape[2] // PATCH_PX, image.shape[3] // PATCH_PX)
        depth: Tensor = self.depth_head(self.pretrained(image, grid), grid)  # (B, 1, H, W)
        return depth.squeeze(1)  # (B, H, W)


def build_network(tensors: Mapping[str, NDArray[Any]]) -> Network:
    """Return the network with `tensors`, ready to infer; see `load`."""
    return load(Network, tensors)
