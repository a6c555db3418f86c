"""The protocol of engines: arrays in, depth out."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from contract.errors import InternalError
from contract.jobs import ModelInfo
from contract.models.declaration import ModelSpec

Images = NDArray[np.float32]  # (B, 3, H, W), RGB, normalised, C-contiguous
Depths = NDArray[np.float32]  # (B, H, W), relative inverse depth, larger is nearer


class EngineError(InternalError):
    """The engine cannot be started as asked, or failed on a batch."""


@dataclass(frozen=True)
class EngineInfo:
    """What computes the depth, as results and `/v1/models` name it."""

    engine: str
    precision: str
    threads: int
    weights_id: str
    model: str

    def at(self, net_size: tuple[int, ...]) -> ModelInfo:
        """Return what documents say of an image that the network saw at `net_size`, h and w."""
        height, width = net_size
        return ModelInfo(
            name=self.model,
            weights_id=self.weights_id,
            engine=self.engine,
            precision=self.precision,
            net_size=(height, width),
        )


class Engine(Protocol):
    """Runs the network. After `load`, at most `streams` threads may call `infer` at a time."""

    max_batch: int
    streams: int

    def load(self) -> None:
        """Read the weights and get ready; EngineError says what is missing."""

    def warm_up(self, shapes: Iterable[tuple[int, int]]) -> None:
        """Run once per (height, width), so that no request pays for first-time work."""

    def infer(self, batch: Images) -> Depths:
        """Return the depth of every image of `batch`, in its order, in memory of its own."""

    def describe(self) -> EngineInfo:
        """Name the engine, its precision, threads and weights. Valid after `load`."""


def warm_up(engine: Engine, shapes: Iterable[tuple[int, int]]) -> None:
    """Run `engine` on an image of each shape, on all its streams at once.

    The first larger batch of a shape costs some 30 ms more, once; running all of them here would
    cost half a second of every start.
    """
    with ThreadPoolExecutor(engine.streams) as streams:
        for height, width in shapes:
            image = np.zeros((1, 3, height, width), np.float32)
            list(streams.map(engine.infer, [image] * engine.streams))


def check_batch(batch: Images, max_batch: int, multiple_px: int = 32) -> None:
    """Raise EngineError unless `batch` is float32 (1…max_batch, 3, H, W), sides whole multiples."""
    fits = batch.ndim == 4 and batch.shape[1] == 3 and batch.dtype == np.float32
    if not fits or batch.shape[2] % multiple_px or batch.shape[3] % multiple_px or not batch.size:
        raise EngineError(
            f"a batch must be float32 (B, 3, H, W), H and W multiples of {multiple_px}, not "
            f"{batch.dtype} {batch.shape}"
        )
    if batch.shape[0] > max_batch:
        raise EngineError(f"a batch holds at most {max_batch} images, not {batch.shape[0]}")


def inverse_depth(outputs: Any, spec: ModelSpec) -> Depths:
    """Return what the network gave, (B, H, W) or (B, 1, H, W), as relative inverse depth.

    Distances are inverted. Those below a thousandth of the batch's largest count as that.
    """
    depth: Depths = np.asarray(outputs, np.float32)
    if depth.ndim == 4 and depth.shape[1] == 1:
        depth = depth[:, 0]
    if spec.output == "depth":
        farthest = depth.max(axis=(1, 2), keepdims=True)
        depth = 1 / np.maximum(depth, np.maximum(1e-3 * farthest, 1e-6))
    return depth


def require_fp32(engine: str, precision: str) -> None:
    """Raise EngineError if another precision than fp32 is asked of `engine`, which has no other."""
    if precision not in ("auto", "fp32"):
        raise EngineError(
            f"{engine} computes in fp32 only, not in {precision}; set DEPTHQ_PRECISION to auto"
        )
