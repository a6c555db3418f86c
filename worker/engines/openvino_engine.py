"""The default engine: OpenVINO on the CPU, bf16 where the CPU has it natively."""

from __future__ import annotations

import contextlib
import mmap
import sys
from collections.abc import Iterable
from pathlib import Path
from queue import LifoQueue
from typing import Any

import numpy as np

from runtime.heaps import give_back
from worker.engines import protocol
from worker.engines.kept_network import KeptNetwork
from worker.engines.protocol import (
    Depths,
    EngineError,
    EngineInfo,
    Images,
    check_batch,
    inverse_depth,
)
from worker.weights.resolve import Artefact


def openvino_library() -> Any:
    """Import OpenVINO without its telemetry, which would report every import."""
    sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type] # not importable
    import openvino  # only the engine that is chosen loads its runtime

    return openvino


class OpenVinoEngine:
    """Runs the ONNX artefact, compiled once for all shapes (docs/decisions say why).

    Each stream has its share of the threads, and of `max_batch`, so that streams cost no memory.
    `kept`: a folder for the network as it was optimised, see KeptNetwork; None: each time anew.
    """

    def __init__(
        self,
        artefact: Artefact,
        *,
        precision: str,
        threads: int,
        max_batch: int,
        streams: int = 1,
        kept: Path | None = None,
    ) -> None:
        self.streams = min(streams, threads, max_batch)
        self.max_batch = max_batch // self.streams
        self._artefact = artefact
        self._precision = precision
        self._threads = threads
        self._kept = kept
        self._mapped: mmap.mmap | None = None
        self._seen: set[tuple[int, tuple[int, ...]]] = set()
        self._requests: LifoQueue[Any] = LifoQueue(self.streams)

    def load(self) -> None:
        """Read, optimise and compile the network; about a third of a second."""
        core = openvino_library().Core()
        self._precision = choose_precision(
            self._precision, "BF16" in core.get_property("CPU", "OPTIMIZATION_CAPABILITIES")
        )
        options = {
            "INFERENCE_PRECISION_HINT": {"fp32": "f32", "bf16": "bf16"}[self._precision],
            "INFERENCE_NUM_THREADS": self._threads,
            "NUM_STREAMS": self.streams,
            # No pinning: lanes and decoders share the cores, and two processes would pin to the
            # same ones.
            "ENABLE_CPU_PINNING": False,
            # Kernels kept per shape; the default (5000) lets 15 shapes grow to 900 MB, no faster.
            "CPU_RUNTIME_CACHE_CAPACITY": 100,
        }
        try:
            compiled = self._compiled(core, options)
            for _ in range(self.streams):
                request = compiled.create_infer_request()
                self._requests.put(_first_call_done(request, self._artefact.spec.smallest))
        except RuntimeError as exc:
            raise EngineError(f"openvino cannot load {self._artefact.path.name}: {exc}") from exc

    def _compiled(self, core: Any, options: dict[str, Any]) -> Any:
        """Return the network compiled: as it is kept, or anew, and then kept."""
        if self._kept is None:
            return core.compile_model(str(self._artefact.path), "CPU", options)
        runtime = openvino_library().__version__
        kept = KeptNetwork(self._kept, self._artefact.path, runtime, self._precision)
        if (mapped := kept.mapped()) is not None:
            with contextlib.suppress(RuntimeError):
                return self._imported(core, options, mapped)
            kept.forget()
        compiled = core.compile_model(str(self._artefact.path), "CPU", options)
        if not kept.wanted or (mapped := kept.keep(compiled.export_model().getbuffer())) is None:
            return compiled
        del compiled  # before the other is made: they would need twice the memory
        return self._imported(core, options, mapped)

    def _imported(self, core: Any, options: dict[str, Any], mapped: mmap.mmap) -> Any:
        tensor = openvino_library().Tensor(np.frombuffer(mapped, np.uint8), shared_memory=True)
        compiled = core.import_model(tensor, "CPU", options)
        self._mapped = mapped
        return compiled

    def warm_up(self, shapes: Iterable[tuple[int, int]]) -> None:
        """See Engine. The smallest was the first call of `load`."""
        done = self._artefact.spec.smallest
        protocol.warm_up(self, [shape for shape in shapes if shape != done])

    def infer(self, batch: Images) -> Depths:
        """See Engine. The input is read in place; the output is copied once.

        The runtime's own output buffer is overwritten by the next batch, while callers still read.
        """
        check_batch(batch, self.max_batch, self._artefact.spec.input.multiple_px)
        request = self._requests.get()
        try:
            outputs = request.infer([np.ascontiguousarray(batch)], share_inputs=True)
            depth = outputs[0]
            self._let_go_after_first(request, batch.shape)
        except RuntimeError as exc:
            raise EngineError(f"openvino failed on a batch of {batch.shape}: {exc}") from exc
        finally:
            self._requests.put(request)
        return inverse_depth(depth, self._artefact.spec)

    def _let_go_after_first(self, request: Any, shape: tuple[int, ...]) -> None:
        """Let go of what a shape that is new to its stream has left.

        Its kernels have packed the weights that they need, and its buffers have replaced smaller
        ones: 50 MB that the allocator would keep.
        """
        if (id(request), shape) in self._seen:
            return
        self._seen.add((id(request), shape))
        give_back()
        if self._mapped is not None:
            self._mapped.madvise(mmap.MADV_DONTNEED)

    def describe(self) -> EngineInfo:
        """See Engine."""
        return EngineInfo(
            "openvino",
            self._precision,
            self._threads,
            self._artefact.weights_id,
            self._artefact.model,
        )


def _first_call_done(request: Any, size: tuple[int, int]) -> Any:
    """Return `request` after one call, on an image of `size`, height and width.

    It must not overlap another thread's first call: the binding initialises itself under a lock of
    its own while it waits for the interpreter lock, and two threads deadlock (seen with 2026.4.1).
    """
    request.infer([np.zeros((1, 3, *size), np.float32)], share_inputs=True)
    return request


def choose_precision(asked: str, native_bf16: bool) -> str:
    """Return `fp32` or `bf16` for what is asked; EngineError where it cannot be had."""
    if asked == "auto":
        return "bf16" if native_bf16 else "fp32"
    if asked == "bf16" and not native_bf16:
        raise EngineError("this CPU has no native bf16; set DEPTHQ_PRECISION to auto or fp32")
    if asked == "int8":
        raise EngineError(
            "int8 was measured and refused: it changes the depth by far more than 1 % "
            "(docs/decisions/0055); set DEPTHQ_PRECISION to auto, bf16 or fp32"
        )
    if asked not in ("fp32", "bf16"):
        raise EngineError(f"openvino runs these weights in fp32 or bf16, not in {asked}")
    return asked
