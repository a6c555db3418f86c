"""ONNX Runtime on the CPU, fp32: the most portable engine."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from worker.engines import protocol
from worker.engines.protocol import (
    Depths,
    EngineError,
    EngineInfo,
    Images,
    check_batch,
    inverse_depth,
    require_fp32,
)
from worker.weights.resolve import Artefact


class OnnxRuntimeEngine:
    """Runs the ONNX artefact as it is, any shape."""

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
        require_fp32("onnxruntime", precision)
        self.max_batch = max_batch
        self._artefact = artefact
        self._threads = threads
        self._session: Any = None
        self._input = ""

    def load(self) -> None:
        """Read and optimise the network."""
        import onnxruntime  # only the engine that is chosen loads its runtime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = self._threads
        options.log_severity_level = 3  # errors only; warnings about constant folding are of no use
        # No spinning: an idle engine must leave the cores to decoders and the other lane.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        try:
            self._session = onnxruntime.InferenceSession(
                str(self._artefact.path), options, providers=["CPUExecutionProvider"]
            )
        except Exception as exc:  # its exceptions share no base class of their own
            raise EngineError(f"onnxruntime cannot load {self._artefact.path.name}: {exc}") from exc
        self._input = self._session.get_inputs()[0].name

    def warm_up(self, shapes: Iterable[tuple[int, int]]) -> None:
        """See Engine."""
        protocol.warm_up(self, shapes)

    def infer(self, batch: Images) -> Depths:
        """See Engine."""
        check_batch(batch, self.max_batch, self._artefact.spec.input.multiple_px)
        try:
            outputs = self._session.run(None, {self._input: np.ascontiguousarray(batch)})
        except Exception as exc:  # its exceptions share no base class of their own
            raise EngineError(f"onnxruntime failed on a batch of {batch.shape}: {exc}") from exc
        return inverse_depth(outputs[0], self._artefact.spec)

    def describe(self) -> EngineInfo:
        """See Engine."""
        return EngineInfo(
            "onnxruntime", "fp32", self._threads, self._artefact.weights_id, self._artefact.model
        )
