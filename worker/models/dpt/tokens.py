"""A vision transformer for images of any size: tokens in, tokens of some blocks out.

Source: Dosovitskiy et al., arXiv 2010.11929; position embeddings are resized to the image's grid of
patches, as Ranftl et al. (DPT, arXiv 2103.13413) do.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

Grid = tuple[int, int]  # patches down and across


def tokens_of(patches: Tensor, vit: Any, positions: Tensor) -> Tensor:
    """Return the tokens (B, 1 + N, C) of `patches` (B, C, rows, columns), the class token first.

    `positions` (1, 1 + N, C) are the embeddings for this grid; `vit` has the class token.
    """
    tokens = patches.flatten(2).transpose(1, 2)  # (B, N, C)
    class_token = vit.cls_token.expand(tokens.shape[0], -1, -1)  # (B, 1, C)
    return torch.cat([class_token, tokens], dim=1) + positions  # (B, 1 + N, C)


def run_blocks(vit: Any, tokens: Tensor, taps: Sequence[int]) -> list[Tensor]:
    """Return the tokens after each block whose index is in `taps` (ascending), not normalised."""
    tapped = []
    for index, block in enumerate(vit.blocks[: taps[-1] + 1]):
        tokens = block(tokens)  # (B, 1 + N, C)
        if index in taps:
            tapped.append(tokens)
    return tapped


def resize_positions(embeddings: Tensor, resize: Callable[[Tensor], Tensor]) -> Tensor:
    """Return `embeddings` (1, 1 + n², C), the class token's kept and the grid's resized.

    `resize` maps (1, C, n, n) → (1, C, rows, columns).
    """
    class_token, grid = embeddings[:, :1], embeddings[:, 1:]
    side = int(grid.shape[1] ** 0.5)
    square = grid.reshape(1, side, side, -1).permute(0, 3, 1, 2)  # (1, C, n, n)
    resized = resize(square)  # (1, C, rows, columns)
    return torch.cat([class_token, resized.flatten(2).transpose(1, 2)], dim=1)  # (1, 1 + N, C)


def bilinear_positions(embeddings: Tensor, grid: Grid) -> Tensor:
    """Return `embeddings` for `grid`, resized bilinearly, without anti-aliasing (DPT's rule)."""
    return resize_positions(
        embeddings,
        lambda square: functional.interpolate(
            square, grid, mode="bilinear", align_corners=False, antialias=False
        ),
    )
