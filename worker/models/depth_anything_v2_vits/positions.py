"""DINOv2's rule for position embeddings on other grids than its own (arXiv 2304.07193).

Bicubic, without anti-aliasing. The original asks its library for (n + 0.1) / 37 as the scale, so
that the grid comes out n wide, and the library then samples at that very scale; only the
embedding's own grid is taken as it is. The sampling is written as two matrices: the grid's size may
so stay open in an exported graph.
"""

from __future__ import annotations

import torch
from torch import Tensor

from worker.models.dpt.tokens import Grid

OFFSET = 0.1
SHARPNESS = -0.75  # of the bicubic kernel


def resize_bicubic(square: Tensor, grid: Grid) -> Tensor:
    """Return `square` (1, C, n, n) sampled for `grid`: (1, C, rows, columns)."""
    side = square.shape[2]
    rows, columns = (torch.scalar_tensor(count, dtype=torch.float32) for count in grid)
    own = (rows == side) & (columns == side)
    offset = torch.where(own, 0.0, OFFSET)
    down = sampling(grid[0], (rows + offset) / side, side)  # (rows, n)
    across = sampling(grid[1], (columns + offset) / side, side)  # (columns, n)
    return down @ square @ across.transpose(0, 1)  # (1, C, rows, columns)


def sampling(count: int, scale: Tensor, side: int) -> Tensor:
    """Return the matrix (count, side) that samples a row of `side` values bicubically.

    Pixel centers are kept; beyond the ends the last value goes on.
    """
    center = (torch.arange(count) + 0.5) / scale - 0.5  # (count,)
    first = torch.floor(center)
    fraction = (center - first)[:, None]  # (count, 1)
    tap = torch.arange(-1, 3)  # (4,)
    weight = kernel((tap - fraction).abs())  # (count, 4)
    source = (first[:, None] + tap).clamp(0, side - 1)  # (count, 4)
    chosen = source[:, :, None] == torch.arange(side)  # (count, 4, side)
    return (weight[:, :, None] * chosen).sum(dim=1)


def kernel(distance: Tensor) -> Tensor:
    """Return the bicubic kernel (Keys, 1981) at `distance`, from 0 to 2."""
    a, x = SHARPNESS, distance
    near = ((a + 2) * x - (a + 3)) * x * x + 1
    far = ((a * x - 5 * a) * x + 8 * a) * x - 4 * a
    return torch.where(x <= 1, near, far)
