"""The default engine: OpenVINO on the CPU, bf16 where the CPU has it natively."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from worker.engines import protocol
from worker.engines.protocol import Depths, EngineError, EngineInfo, Images, check_batch
from worker.weights.resolve import Artefact


class OpenVinoEngine:
    """Runs the ONNX artefact with one dynamic-shape compiled model (docs/decisions say why)."""

    def __init__(self, artefact: Artefact, *, precision: str, threads: int, max_batch: int) -> None:
        self.max_batch = max_batch
        self._artefact = artefact
        self._precision = precision
        self._threads = threads
        self._request: Any = None

    def load(self) -> None:
        """Read, optimise and compile the network; about a third of a second."""
        import openvino  # only the engine that is chosen loads its runtime

        core = openvino.Core()
        self._precision = choose_precision(
            self._precision, "BF16" in core.get_property("CPU", "OPTIMIZATION_CAPABILITIES")
        )
        options = {
            "INFERENCE_PRECISION_HINT": {"fp32": "f32", "bf16": "bf16"}[self._precision],
            "INFERENCE_NUM_THREADS": self._threads,
            "NUM_STREAMS": 1,
            # Lanes and decoders share the cores: two processes would pin to the same ones.
            "ENABLE_CPU_PINNING": False,
            # Kernels kept per shape; the default (5000) lets 15 shapes grow to 900 MB, no faster.
            "CPU_RUNTIME_CACHE_CAPACITY": 100,
        }
        try:
            compiled = core.compile_model(str(self._artefact.path), "CPU", options)
            self._request = compiled.create_infer_request()
        except RuntimeError as exc:
            raise EngineError(f"openvino cannot load {self._artefact.path.name}: {exc}") from exc

    def warm_up(self, shapes: Iterable[tuple[int, int]]) -> None:
        """See Engine."""
        protocol.warm_up(self, shapes)

    def infer(self, batch: Images) -> Depths:
        """See Engine. The input is read in place; the output is copied once.

        The runtime's own output buffer is overwritten by the next batch, while callers still read.
        """
        check_batch(batch, self.max_batch)
        try:
            outputs = self._request.infer([np.ascontiguousarray(batch)], share_inputs=True)
        except RuntimeError as exc:
            raise EngineError(f"openvino failed on a batch of {batch.shape}: {exc}") from exc
        depth: Depths = outputs[0]
        return depth

    def describe(self) -> EngineInfo:
        """See Engine."""
        return EngineInfo(
            "openvino",
            self._precision,
            self._threads,
            self._artefact.weights_id,
            self._artefact.model,
        )


def choose_precision(asked: str, native_bf16: bool) -> str:
    """Return `fp32` or `bf16` for what is asked; EngineError where it cannot be had."""
    if asked == "auto":
        return "bf16" if native_bf16 else "fp32"
    if asked == "bf16" and not native_bf16:
        raise EngineError("this CPU has no native bf16; set DEPTHQ_PRECISION to auto or fp32")
    if asked not in ("fp32", "bf16"):
        raise EngineError(f"openvino runs these weights in fp32 or bf16, not in {asked}")
    return asked
