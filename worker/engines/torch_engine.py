"""The reference engine: torch, fp32, reading the very ONNX file that the fast engines run."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from contract.models.midas_small import MODEL
from worker.engines import protocol
from worker.engines.protocol import (
    Depths,
    EngineError,
    EngineInfo,
    Images,
    check_batch,
    require_fp32,
)
from worker.models.registry import part
from worker.weights.resolve import Artefact
from worker.weights.tensors import read_tensors


class TorchEngine:
    """Runs the project's network in torch. Slower; the reference for the others."""

    streams = 1

    def __init__(
        self,
        artefact: Artefact,
        *,
        precision: str,
        threads: int,
        max_batch: int,
        streams: int = 1,  # noqa: ARG002 - this engine has one
    ) -> None:
        require_fp32("torch", precision)
        self.max_batch = max_batch
        self._artefact = artefact
        self._threads = threads
        self._network: Any = None

    def load(self) -> None:
        """Build the network and fill it with the artefact's tensors."""
        try:
            import torch  # the serving path must not need it

            build = part(self._artefact.spec.network)
        except ImportError as exc:
            raise EngineError("the torch engine needs: pip install 'depthq[torch]'") from exc
        torch.set_num_threads(self._threads)
        if self._artefact.spec.graph is None:
            raise EngineError(
                f"the torch engine runs {MODEL.name} only: the ONNX file of {self._artefact.model} "
                "keeps no names of tensors; set DEPTHQ_ENGINE to openvino or onnxruntime"
            )
        network = build(read_tensors(self._artefact.path))
        self._network = network.to(memory_format=torch.channels_last)

    def warm_up(self, shapes: Iterable[tuple[int, int]]) -> None:
        """See Engine."""
        protocol.warm_up(self, shapes)

    def infer(self, batch: Images) -> Depths:
        """See Engine."""
        import torch

        check_batch(batch, self.max_batch)
        with torch.inference_mode():
            images = torch.from_numpy(np.ascontiguousarray(batch))
            images = images.contiguous(memory_format=torch.channels_last)
            depth: Depths = self._network(images).contiguous().numpy()
        return depth

    def describe(self) -> EngineInfo:
        """See Engine."""
        return EngineInfo(
            "torch", "fp32", self._threads, self._artefact.weights_id, self._artefact.model
        )
