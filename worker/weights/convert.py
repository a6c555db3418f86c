"""Turns a checkpoint into the ONNX file that every engine loads."""

from __future__ import annotations

from pathlib import Path

from worker.models.midas_small.plan import NAME
from worker.weights.errors import WeightsError
from worker.weights.files import sha256_of, write_whole
from worker.weights.tensors import read_tensors


def convert(
    source: Path, target: Path, *, weights_id: str, licence: str = "unknown", half: bool = False
) -> Path:
    """Write the weights in `source` as an ONNX network to `target` and return it.

    `half` keeps the kernels as fp16 (half the size, at most 0.1 % of the output's range away);
    without it the outputs are those of `source`. The same source always gives the same bytes.
    """
    try:
        from worker.models.midas_small.onnx_graph import (
            build_onnx,  # onnx loads only where it is needed
        )
    except ImportError as exc:
        raise WeightsError(
            "converting weights needs a few more packages, once: pip install 'depthq[torch]'"
        ) from exc

    metadata = {
        "model": NAME,
        "weights_id": weights_id,
        "source_sha256": sha256_of(source),
        "licence": licence,
        "output": "relative inverse depth, larger is nearer",
    }
    model = build_onnx(read_tensors(source), half=half, metadata=metadata)
    write_whole(target, model.SerializeToString(deterministic=True))
    return target
