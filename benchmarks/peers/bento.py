"""BentoML with adaptive batching: a front that decodes and renders, a service that infers."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated, Any

import bentoml
import numpy as np
from bentoml.validators import ContentType

from benchmarks.peers.work import begin, decode, fast_engine, finish

MAX_BATCH = 8


@bentoml.service(workers=1, traffic={"timeout": 60})
class Network:
    """Holds the engine; BentoML joins the calls that arrive together."""

    def __init__(self) -> None:
        self.engine = fast_engine(MAX_BATCH)

    @bentoml.api(
        batchable=True, max_batch_size=MAX_BATCH, max_latency_ms=10_000
    )  # below it sheds load
    def infer(self, tensors: np.ndarray) -> np.ndarray:
        """(B, 3, H, W) → (B, H, W)."""
        return self.engine.infer(np.ascontiguousarray(tensors, np.float32))


@bentoml.service(workers=1, traffic={"timeout": 60})
class Front:
    """Takes the image, gives the names of the files."""

    network = bentoml.depends(Network)

    @bentoml.api
    async def predict(self, image: Annotated[Path, ContentType("image/jpeg")]) -> dict[str, Any]:
        """One image per request."""
        data = image.read_bytes()
        kept = begin(data)
        tensor, size = decode(data)
        depth = np.asarray(await self.network.to_async.infer(tensor[None]))[0]
        # storing blocks, so it runs in a thread
        return await asyncio.to_thread(finish, depth, size, kept)
