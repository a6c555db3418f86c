"""Fusion of feature maps, coarse to fine, as every network of the MiDaS family does it.

Source: the RefineNet decoder (Lin et al., arXiv 1611.06612). Module names are those of the
published checkpoints.
"""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn
from torch.nn import functional


class ResidualUnit(nn.Module):
    """Two 3x3 convolutions, each after a ReLU, around a shortcut: (B, C, h, w) → the same shape.

    `relu_shortcut` passes the shortcut through the first ReLU too: MiDaS v2.1 large was trained so
    (its ReLU worked in place).
    """

    def __init__(self, channels: int, *, relu_shortcut: bool = False) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, channels, 3, padding=1)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1)
        self.relu_shortcut = relu_shortcut

    def forward(self, x: Tensor) -> Tensor:
        """Return `x` refined."""
        positive = functional.relu(x)  # (B, C, h, w)
        inner = self.conv1(positive)  # (B, C, h, w)
        inner = self.conv2(functional.relu(inner))  # (B, C, h, w)
        refined: Tensor = inner + (positive if self.relu_shortcut else x)  # (B, C, h, w)
        return refined


class FusionBlock(nn.Module):
    """Joins a skip connection with what comes from the coarser level, and enlarges the sum.

    (B, C, h, w) and the same → (B, C, h', w'), where h' and w' are those of the next finer level,
    or 2h and 2w. With `projects`, a 1x1 convolution ends the block. The originals enlarge first and
    project then; both are linear and the weights of a bilinear mean sum to one, so projecting first
    is exact and cheaper.
    """

    def __init__(
        self, channels: int, *, projects: bool = True, relu_shortcut: bool = False
    ) -> None:
        super().__init__()
        if projects:
            self.out_conv = nn.Conv2d(channels, channels, 1)
        self.resConfUnit1 = ResidualUnit(channels, relu_shortcut=relu_shortcut)
        self.resConfUnit2 = ResidualUnit(channels, relu_shortcut=relu_shortcut)
        self.projects = projects

    def forward(self, skip: Tensor, coarse: Tensor | None, finer: Tensor | None) -> Tensor:
        """Return the fused map; the coarsest block has nothing to fuse and refines `skip` alone.

        `finer` is the next finer level's skip connection, which gives the size; None doubles.
        """
        x = skip if coarse is None else self.resConfUnit1(skip) + coarse  # (B, C, h, w)
        x = self.resConfUnit2(x)  # (B, C, h, w)
        if self.projects:
            x = self.out_conv(x)  # (B, C, h, w)
        if finer is None:
            return double(x, align_corners=True)  # (B, C, 2h, 2w)
        size = (finer.shape[2], finer.shape[3])  # one by one: a slice is not traced
        return functional.interpolate(  # (B, C, h', w')
            x, size, mode="bilinear", align_corners=True
        )


class Fusion(nn.Module):
    """Projects four feature maps to one width and fuses them, coarsest first."""

    def __init__(
        self,
        level_channels: Sequence[int],
        channels: int,
        *,
        coarsest_first: bool = False,
        projects: bool = True,
        relu_shortcut: bool = False,
    ) -> None:
        super().__init__()
        levels = range(1, len(level_channels) + 1)
        for level, taken in zip(levels, level_channels, strict=True):
            projection = nn.Conv2d(taken, channels, 3, padding=1, bias=False)
            self.add_module(f"layer{level}_rn", projection)
        for level in reversed(levels) if coarsest_first else levels:  # the checkpoint's order
            block = FusionBlock(channels, projects=projects, relu_shortcut=relu_shortcut)
            self.add_module(f"refinenet{level}", block)

    def fuse(self, features: Sequence[Tensor]) -> Tensor:
        """Return (B, C, 2h, 2w) of `features`, finest (B, C1, h, w) first."""
        skips = [  # each (B, C, h, w) of its level
            self.get_submodule(f"layer{level}_rn")(feature)
            for level, feature in enumerate(features, start=1)
        ]
        path: Tensor | None = None
        for level in range(len(skips), 0, -1):
            finer = skips[level - 2] if level > 1 else None
            path = self.get_submodule(f"refinenet{level}")(skips[level - 1], path, finer)
        if path is None:
            raise ValueError("there is no feature map to fuse")
        return path


class Decoder(Fusion):
    """Feature maps at 1/4, 1/8, 1/16, 1/32 of the input → depth (B, 1, H, W), never negative."""

    def __init__(
        self,
        level_channels: Sequence[int],
        channels: int,
        *,
        head_aligns_corners: bool,
        coarsest_first: bool = False,
        projects: bool = True,
        relu_shortcut: bool = False,
    ) -> None:
        super().__init__(
            level_channels,
            channels,
            coarsest_first=coarsest_first,
            projects=projects,
            relu_shortcut=relu_shortcut,
        )
        self.output_conv = nn.Sequential(
            nn.Conv2d(channels, channels // 2, 3, padding=1),
            Doubling(align_corners=head_aligns_corners),
            nn.Conv2d(channels // 2, 32, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(32, 1, 1),
            nn.ReLU(),
        )

    def forward(self, features: Sequence[Tensor]) -> Tensor:
        """Return the depth for `features`, finest first."""
        depth: Tensor = self.output_conv(self.fuse(features))  # (B, 1, H, W)
        return depth


class Doubling(nn.Module):
    """Bilinear up-sampling of the head: (B, C, h, w) → (B, C, 2h, 2w)."""

    def __init__(self, *, align_corners: bool) -> None:
        super().__init__()
        self.align_corners = align_corners

    def forward(self, x: Tensor) -> Tensor:
        """Return `x` with both sides doubled."""
        return double(x, align_corners=self.align_corners)  # (B, C, 2h, 2w)


def double(x: Tensor, *, align_corners: bool) -> Tensor:
    """Return `x` (B, C, h, w), bilinearly enlarged to (B, C, 2h, 2w)."""
    return functional.interpolate(x, scale_factor=2, mode="bilinear", align_corners=align_corners)
