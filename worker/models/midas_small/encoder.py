"""The encoder of MiDaS_small: timm's EfficientNet-Lite3, under the checkpoint's names."""

from __future__ import annotations

import timm
from torch import Tensor, nn

# Blocks of the backbone that make up layer1…layer4 (resolutions 1/4, 1/8, 1/16, 1/32).
_LEVELS = (slice(0, 2), slice(2, 3), slice(3, 5), slice(5, None))


class Encoder(nn.Module):
    """RGB (B, 3, H, W), normalised → four feature maps, 1/4 to 1/32 of the sides."""

    def __init__(self, backbone: str) -> None:
        super().__init__()
        net = timm.create_model(backbone, pretrained=False, exportable=True)
        # timm's norm carries its activation; the checkpoint counted it as a layer of its own.
        stem = [net.conv_stem, net.bn1, nn.Identity()]
        self.layer1 = nn.Sequential(*stem, *net.blocks[_LEVELS[0]])
        self.layer2 = nn.Sequential(*net.blocks[_LEVELS[1]])
        self.layer3 = nn.Sequential(*net.blocks[_LEVELS[2]])
        self.layer4 = nn.Sequential(*net.blocks[_LEVELS[3]])

    def forward(self, image: Tensor) -> list[Tensor]:
        """Return the feature maps, finest first."""
        quarter = self.layer1(image)  # (B, 32, H/4, W/4)
        eighth = self.layer2(quarter)  # (B, 48, H/8, W/8)
        sixteenth = self.layer3(eighth)  # (B, 136, H/16, W/16)
        coarsest = self.layer4(sixteenth)  # (B, 384, H/32, W/32)
        return [quarter, eighth, sixteenth, coarsest]
