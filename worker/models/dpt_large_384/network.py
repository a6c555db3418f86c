"""DPT-Large in torch.

Source: Ranftl et al., "Vision Transformers for Dense Prediction" (arXiv 2103.13413); the encoder is
ViT-L/16 (Dosovitskiy et al., arXiv 2010.11929).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import timm
from numpy.typing import NDArray
from torch import Tensor, nn

from worker.models.dpt.fusion import Decoder
from worker.models.dpt.loading import load
from worker.models.dpt.reassemble import Reassemble, enlarge, halve
from worker.models.dpt.tokens import bilinear_positions, run_blocks, tokens_of

BACKBONE = "vit_large_patch16_384"
PATCH_PX = 16
WIDTH = 1024
TAPS = (5, 11, 17, 23)
LEVEL_CHANNELS = (256, 512, 1024, 1024)
DECODER_CHANNELS = 256


class Encoder(nn.Module):
    """RGB (B, 3, H, W), normalised → four feature maps, 1/4 to 1/32 of the sides."""

    def __init__(self) -> None:
        super().__init__()
        self.model = timm.create_model(BACKBONE, pretrained=False)
        first, second, third, fourth = LEVEL_CHANNELS
        self.act_postprocess1 = Reassemble(WIDTH, first, enlarge(first, 4))
        self.act_postprocess2 = Reassemble(WIDTH, second, enlarge(second, 2))
        self.act_postprocess3 = Reassemble(WIDTH, third, nn.Identity())
        self.act_postprocess4 = Reassemble(WIDTH, fourth, halve(fourth))

    def forward(self, image: Tensor) -> list[Tensor]:
        """Return the feature maps, finest first."""
        grid = (image.shape[2] // PATCH_PX, image.shape[3] // PATCH_PX)
        patches = self.model.patch_embed.proj(image)  # (B, 1024, H/16, W/16)
        positions = bilinear_positions(self.model.pos_embed, grid)  # (1, 1 + N, 1024)
        tokens = tokens_of(patches, self.model, positions)  # (B, 1 + N, 1024)
        first, second, third, fourth = run_blocks(self.model, tokens, TAPS)
        quarter = self.act_postprocess1(first, grid)  # (B, 256, H/4, W/4)
        eighth = self.act_postprocess2(second, grid)  # (B, 512, H/8, W/8)
        sixteenth = self.act_postprocess3(third, grid)  # (B, 1024, H/16, W/16)
        coarsest = self.act_postprocess4(fourth, grid)  # (B, 1024, H/32, W/32)
        return [quarter, eighth, sixteenth, coarsest]


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
    return load(Network, tensors)
