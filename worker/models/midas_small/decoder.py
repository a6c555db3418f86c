"""The decoder of MiDaS_small: fuses four feature maps, coarse to fine, into one depth map.

Source: the RefineNet decoder (Lin et al., arXiv 1611.06612) as MiDaS v2.1 uses it. Module names are
those of the published checkpoint.
"""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional


class ResidualUnit(nn.Module):
    """Two 3x3 convolutions, each after a ReLU, around a shortcut: (B, C, h, w) → the same shape."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, channels, 3, padding=1)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        """Return `x` refined."""
        inner = self.conv1(functional.relu(x))  # (B, C, h, w)
        inner = self.conv2(functional.relu(inner))  # (B, C, h, w)
        refined: Tensor = inner + x  # (B, C, h, w)
        return refined


class FusionBlock(nn.Module):
    """Joins a skip connection with what comes from the coarser level, and doubles the sides.

    (B, C, h, w) and the same → (B, C', 2h, 2w). The original doubles first and projects then; both
    are linear and the weights of a bilinear mean sum to one, so projecting first is exact and
    cheaper.
    """

    def __init__(self, channels: int, out_channels: int) -> None:
        super().__init__()
        self.out_conv = nn.Conv2d(channels, out_channels, 1)
        self.resConfUnit1 = ResidualUnit(channels)
        self.resConfUnit2 = ResidualUnit(channels)

    def forward(self, skip: Tensor, coarse: Tensor | None = None) -> Tensor:
        """Return the fused map; the coarsest block has nothing to fuse and refines `skip` alone."""
        x = skip if coarse is None else self.resConfUnit1(skip) + coarse  # (B, C, h, w)
        x = self.resConfUnit2(x)  # (B, C, h, w)
        x = self.out_conv(x)  # (B, C', h, w)
        return functional.interpolate(  # (B, C', 2h, 2w)
            x, scale_factor=2, mode="bilinear", align_corners=True
        )


class Doubling(nn.Module):
    """Bilinear up-sampling of the head: (B, C, h, w) → (B, C, 2h, 2w), pixel centers kept."""

    def forward(self, x: Tensor) -> Tensor:
        """Return `x` with both sides doubled."""
        return functional.interpolate(  # (B, C, 2h, 2w)
            x, scale_factor=2, mode="bilinear", align_corners=False
        )


class Decoder(nn.Module):
    """Feature maps at 1/4, 1/8, 1/16, 1/32 of the input → depth (B, 1, H, W), never negative."""

    def __init__(
        self, level_channels: tuple[int, ...], channels: tuple[int, ...], head_channels: int
    ) -> None:
        super().__init__()
        for level, (taken, kept) in enumerate(zip(level_channels, channels, strict=True), start=1):
            self.add_module(f"layer{level}_rn", nn.Conv2d(taken, kept, 3, padding=1, bias=False))
        for level in range(len(channels), 0, -1):  # the checkpoint's order: coarsest first
            out = channels[max(level - 2, 0)]  # what the next finer level works with
            self.add_module(f"refinenet{level}", FusionBlock(channels[level - 1], out))
        self.output_conv = nn.Sequential(
            nn.Conv2d(channels[0], head_channels, 3, padding=1),
            Doubling(),
            nn.Conv2d(head_channels, head_channels, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(head_channels, 1, 1),
            nn.ReLU(),
        )

    def forward(self, features: list[Tensor]) -> Tensor:
        """Return the depth for `features`, finest first."""
        path: Tensor | None = None
        for level in range(len(features), 0, -1):
            skip = self.get_submodule(f"layer{level}_rn")(features[level - 1])  # (B, C, h, w)
            path = self.get_submodule(f"refinenet{level}")(skip, path)  # (B, C', 2h, 2w)
        depth: Tensor = self.output_conv(path)  # (B, 1, H, W), from (B, 64, H/2, W/2)
        return depth
