"""Turns a checkpoint into the ONNX file that every engine loads."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from contract.models.declaration import ModelSpec
from contract.models.midas_small import MODEL
from worker.models.registry import part
from worker.weights.errors import WeightsError
from worker.weights.files import sha256_of, write_whole
from worker.weights.tensors import read_file, read_tensors

EXTRA = "converting weights needs a few more packages, once: pip install 'depthq[torch]'"


def convert(
    source: Path,
    target: Path,
    spec: ModelSpec = MODEL,
    *,
    weights_id: str,
    licence: str = "unknown",
    half: bool = False,
) -> Path:
    """Write the weights in `source` as an ONNX network of `spec` to `target` and return it.

    `half` keeps the kernels as fp16 (half the size, at most 0.1 % of the output's range away), for
    models that have a graph of their own; without it the outputs are those of `source`. The same
    source always gives the same bytes.
    """
    metadata = {
        "model": spec.name,
        "weights_id": weights_id,
        "source_sha256": sha256_of(source),
        "licence": licence,
        "output": "relative inverse depth, larger is nearer",
    }
    model = _graph(source, spec, half, metadata) if spec.graph else _export(source, spec, metadata)
    write_whole(target, model.SerializeToString(deterministic=True))
    return target


def _graph(source: Path, spec: ModelSpec, half: bool, metadata: Mapping[str, str]) -> Any:
    """Return the ONNX model by the model's own builder, which needs no torch."""
    try:
        build = part(str(spec.graph))  # onnx loads only where it is needed
    except ImportError as exc:
        raise WeightsError(EXTRA) from exc
    return build(read_tensors(source), half=half, metadata=metadata)


def _export(source: Path, spec: ModelSpec, metadata: Mapping[str, str]) -> Any:
    """Return the ONNX model of the torch network with the tensors in `source`."""
    try:
        export_onnx = part("worker.models.export:export_onnx")
        build = part(spec.network)
    except ImportError as exc:
        raise WeightsError(EXTRA) from exc
    try:
        network = build(read_file(source))
    except RuntimeError as exc:  # torch's, on names and shapes
        reason = str(exc).partition("\n\t")[2].partition("\n")[0] or str(exc)
        raise WeightsError(f"{source.name}: not the weights of {spec.name}: {reason}") from exc
    return export_onnx(network, spec, metadata)
