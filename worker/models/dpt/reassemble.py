"""Makes feature maps of tokens again ("reassemble" of DPT, arXiv 2103.13413, section 3)."""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn
from torch.nn import functional

from worker.models.dpt.tokens import Grid


class Readout(nn.Module):
    """Gives every token the class token's knowledge: (B, 1 + N, C) → (B, N, C).

    The original repeats the class token beside every other and projects the pair. That is one
    product for the tokens and one for the class token, added: half the work.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.project = nn.Sequential(nn.Linear(2 * width, width), nn.GELU())

    def forward(self, tokens: Tensor) -> Tensor:
        """Return the tokens without the class token."""
        linear: Any = self.project[0]
        width = linear.out_features
        own = functional.linear(tokens[:, 1:], linear.weight[:, :width])  # (B, N, C)
        common = functional.linear(  # (B, 1, C)
            tokens[:, :1], linear.weight[:, width:], linear.bias
        )
        read: Tensor = self.project[1](own + common)  # (B, N, C)
        return read


class Reassemble(nn.Sequential):
    """Tokens (B, 1 + N, C) of a grid → a feature map (B, C', h, w), resized by `resize`."""

    def __init__(self, width: int, channels: int, resize: nn.Module) -> None:
        # The checkpoint counts two reshapes, 1 and 2; they are in `forward`.
        reshapes = (nn.Identity(), nn.Identity())
        super().__init__(Readout(width), *reshapes, nn.Conv2d(width, channels, 1), resize)

    def forward(self, tokens: Tensor, grid: Grid) -> Tensor:  # type: ignore[override]
        """Return the feature map; `grid` is the number of patches down and across."""
        read = self[0](tokens)  # (B, N, C)
        feature: Tensor = self[4](self[3](as_map(read, grid)))  # (B, C', h, w)
        return feature


def as_map(tokens: Tensor, grid: Grid) -> Tensor:
    """Return `tokens` (B, N, C), without a class token, as a map (B, C, rows, columns)."""
    channels = tokens.shape[2]
    return tokens.transpose(1, 2).reshape(-1, channels, *grid)


def enlarge(channels: int, factor: int) -> nn.Module:
    """Return a learned enlargement of both sides by `factor`, without overlap."""
    return nn.ConvTranspose2d(channels, channels, factor, factor)


def halve(channels: int) -> nn.Module:
    """Return a learned halving of both sides, rounded up."""
    return nn.Conv2d(channels, channels, 3, stride=2, padding=1)
