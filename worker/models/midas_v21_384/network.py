"""MiDaS v2.1 large in torch.

Source: Ranftl et al., "Towards Robust Monocular Depth Estimation" (arXiv 1907.01341); the encoder
is ResNeXt-101 32x8d (Xie et al., arXiv 1611.05431).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import timm
from numpy.typing import NDArray
from torch import Tensor, nn

from worker.models.dpt.fusion import Decoder
from worker.models.dpt.loading import load

BACKBONE = "resnext101_32x8d"
LEVEL_CHANNELS = (256, 512, 1024, 2048)
DECODER_CHANNELS = 256


class Encoder(nn.Module):
    """RGB (B, 3, H, W), normalised → four feature maps, 1/4 to 1/32 of the sides."""

    def __init__(self) -> None:
        super().__init__()
        net = timm.create_model(BACKBONE, pretrained=False)
        stem = (net.conv1, net.bn1, net.act1, net.maxpool)
        self.layer1 = nn.Sequential(*stem, net.layer1)
        self.layer2 = net.layer2
        self.layer3 = net.layer3
        self.layer4 = net.layer4

    def forward(self, image: Tensor) -> list[Tensor]:
        """Return the feature maps, finest first."""
        quarter = self.layer1(image)  # (B, 256, H/4, W/4)
        eighth = self.layer2(quarter)  # (B, 512, H/8, W/8)
        sixteenth = self.layer3(eighth)  # (B, 1024, H/16, W/16)
        coarsest = self.layer4(sixteenth)  # (B, 2048, H/32, W/32)
        return [quarter, eighth, sixteenth, coarsest]


class Network(nn.Module):
    """Encoder and decoder under the names of the published checkpoint."""

    def __init__(self) -> None:
        super().__init__()
        self.pretrained = Encoder()
        self.scratch = Decoder(
            LEVEL_CHANNELS,
            DECODER_CHANNELS,
            head_aligns_corners=False,
            coarsest_first=True,
            projects=False,
            relu_shortcut=True,
        )

    def forward(self, image: Tensor) -> Tensor:
        """Return relative inverse depth (B, H, W), larger is nearer.

        `image`: float32 RGB (B, 3, H, W), ImageNet-normalised, H and W multiples of 32.
        """
        depth: Tensor = self.scratch(self.pretrained(image))  # (B, 1, H, W)
        return depth.squeeze(1)  # (B, H, W)


def build_network(tensors: Mapping[str, NDArray[Any]]) -> Network:
    """Return the network with `tensors`, ready to infer; see `load`."""
    return load(Network, tensors)
