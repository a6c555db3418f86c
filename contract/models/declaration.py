"""The declaration of a model, which API, command line, documents and workers read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from contract.models.input_rule import InputRule

DEFAULT_MODEL = "midas_small"
NAME_PATTERN = r"[a-z][a-z0-9_]{0,39}"
OutputKind = Literal["inverse", "depth"]


@dataclass(frozen=True)
class Weights:
    """One published file of weights. People type `name`, results carry `weights_id`."""

    name: str
    weights_id: str
    filename: str
    licence: str
    bytes: int | None = None  # None: recorded nowhere
    sha256: str | None = None  # None: recorded nowhere; pinned at the first download
    url: str | None = None  # None: comes with depthq
    note: str = ""


@dataclass(frozen=True)
class Cost:
    """What one image costs, in round numbers: hints until a worker has measured its own.

    `gflop` (multiplications and additions, 10^9) and `image_s` (one image, two cores, fp32) are
    for the first of the spec's warm-up shapes. `memory_bytes` is what a process needs to hold the
    model and compute one image, beyond what it needs without it.
    """

    gflop: float
    parameters: int
    image_s: float
    memory_bytes: int


@dataclass(frozen=True)
class ModelSpec:
    """The declaration of one model.

    `network` names the builder `module:function` of its torch module from the checkpoint's tensors
    (name → array); `graph`, where there is one, the builder of its ONNX graph without torch.
    `weights` stand in their order of preference: a worker runs the first that is here. `output` is
    what the network computes; workers turn `depth` into relative inverse depth. `warm_up` are
    (height, width) of the network's input, in px, that a worker runs once before it is ready.
    `line` says in one line what the model is good for, by language (`en`, `zh`).
    """

    name: str
    input: InputRule
    cost: Cost
    warm_up: tuple[tuple[int, int], ...]
    line: Mapping[str, str]
    weights: tuple[Weights, ...] = ()
    network: str = ""
    graph: str | None = None
    output: OutputKind = "inverse"
    max_batch: int | None = None  # images at once, where the network bounds it
    aliases: tuple[str, ...] = ()
    source: str = ""  # paper and code
    order: int = 100  # of listing; equal ones by name

    @property
    def smallest(self) -> tuple[int, int]:
        """The smallest (height, width) of a network's input that surely works, for a first call."""
        if self.input.rule == "exact":
            return self.input.side_px, self.input.side_px
        return min(self.warm_up, key=lambda size: size[0] * size[1])

    @property
    def licence(self) -> str:
        """The licence of the weights that are preferred."""
        return self.weights[0].licence if self.weights else "unknown"
