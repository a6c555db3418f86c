"""What the batcher passes on: a waiting image, a batch of them, and what became of each."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from contract.errors import InternalError

Tensor = NDArray[np.float32]
Infer = Callable[[Tensor], Tensor]  # float32 (B, 3, H, W) to float32 (B, H, W)


@dataclass(frozen=True)
class Inferred:
    """One image's result: `depth` float32 (H, W), relative inverse depth, and batch data."""

    depth: Tensor
    wait_ms: float
    infer_ms: float
    batch_size: int


@dataclass
class Request:
    """An image that waits, float32 (3, H, W), and the future of its result."""

    tensor: Tensor
    deadline_at: float | None  # seconds since the epoch
    submitted: float = field(default_factory=time.monotonic)
    future: Future[Inferred] = field(default_factory=Future)


@dataclass(frozen=True)
class Batch:
    """Requests of one shape and what computes them; `alone`: one image, by all cores."""

    requests: Sequence[Request]
    infer: Infer
    alone: bool = False

    def depths(self) -> Tensor:
        """Return the depth of each, float32 (n, H, W). Raises what the engine raises."""
        depths = self.infer(np.stack([request.tensor for request in self.requests]))
        expected = (len(self.requests), *self.requests[0].tensor.shape[1:])
        if depths.shape != expected:
            raise InternalError(f"the engine returned {depths.shape} where {expected} was due")
        return depths
