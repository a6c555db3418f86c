"""DPT-Hybrid in torch.

Source: Ranftl et al., "Vision Transformers for Dense Prediction" (arXiv 2103.13413); the encoder is
the hybrid of ResNet-50 v2 and ViT-B (Dosovitskiy et al., arXiv 2010.11929).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import timm
from numpy.typing import NDArray
from torch import Tensor, nn

from worker.models.dpt.fusion import Decoder
from worker.models.dpt.loading import load
from worker.models.dpt.reassemble import Reassemble, halve
from worker.models.dpt.tokens import bilinear_positions, run_blocks, tokens_of
from worker.models.dpt_hybrid_384.plain import make_plain

BACKBONE = "vit_base_r50_s16_384"
PATCH_PX = 16
WIDTH = 768
TAPS = (8, 11)  # of the transformer; the two finer levels are stages of the ResNet
LEVEL_CHANNELS = (256, 512, 768, 768)
DECODER_CHANNELS = 256


class Encoder(nn.Module):
    """RGB (B, 3, H, W), normalised → four feature maps, 1/4 to 1/32 of the sides."""

    def __init__(self) -> None:
        super().__init__()
        self.model = timm.create_model(BACKBONE, pretrained=False)
        _, _, third, fourth = LEVEL_CHANNELS
        self.act_postprocess3 = Reassemble(WIDTH, third, nn.Identity())
        self.act_postprocess4 = Reassemble(WIDTH, fourth, halve(fourth))

    def forward(self, image: Tensor) -> list[Tensor]:
        """Return the feature maps, finest first."""
        grid = (image.shape[2] // PATCH_PX, image.shape[3] // PATCH_PX)
        quarter, eighth, sixteenth = self._stages(image)
        patches = self.model.patch_embed.proj(sixteenth)  # (B, 768, H/16, W/16)
        positions = bilinear_positions(self.model.pos_embed, grid)  # (1, 1 + N, 768)
        tokens = tokens_of(patches, self.model, positions)  # (B, 1 + N, 768)
        third, fourth = run_blocks(self.model, tokens, TAPS)
        finer = self.act_postprocess3(third, grid)  # (B, 768, H/16, W/16)
        coarsest = self.act_postprocess4(fourth, grid)  # (B, 768, H/32, W/32)
        return [quarter, eighth, finer, coarsest]

    def _stages(self, image: Tensor) -> list[Tensor]:
        """Return what the ResNet's stages give: 256, 512, 1024 channels, 1/4, 1/8, 1/16."""
        backbone = self.model.patch_embed.backbone
        x = backbone.stem(image)  # (B, 64, H/4, W/4)
        given = []
        for stage in backbone.stages:
            x = stage(x)
            given.append(x)
        return given


class Network(nn.Module):
    """Encoder and decoder under the names of the published checkpoint."""

    def __init__(self) -> None:
        super().__init__()
        self.pretrained = Encoder()
        self.scratch = Decoder(LEVEL_CHANNELS, DECODER_CHANNELS, head_aligns_corners=True)

    def forward(self, image: Tensor) -> Tensor:
        """Return relative inverse depth (B, H, W), larger is nearer.

        `image`: float32 RGB (B, 3, H, W), from -1 to 1, H and W multiples of 32.
        """
        depth: Tensor = self.scratch(self.pretrained(image))  # (B, 1, H, W)
        return depth.squeeze(1)  # (B, H, W)


def build_network(tensors: Mapping[str, NDArray[Any]]) -> Network:
    """Return the network with `tensors`, ready to infer; see `load`."""
    network = load(Network, tensors)
    make_plain(network.pretrained.model.patch_embed)
    return network
