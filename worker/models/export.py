"""Turns a torch network into the ONNX file that the serving engines load, once per checkpoint."""

from __future__ import annotations

import io
import warnings
from collections.abc import Mapping
from typing import Any

import onnx
import torch
from torch import nn

from contract.models.declaration import ModelSpec

INPUT, OUTPUT = "image", "depth"
OPSET = 17  # the oldest that has all we use; both runtimes read it


def export_onnx(network: nn.Module, spec: ModelSpec, metadata: Mapping[str, str]) -> Any:
    """Return `network` as an onnx.ModelProto: `image` float32 (B, 3, H, W) → `depth` (B, H, W).

    The batch is open, and so are H and W unless the model's rule is `exact`.
    """
    rule = spec.input
    exact = rule.rule == "exact"
    # Small, as tracing computes it; two images, not square: no size passes for another, or for 1.
    sides = (rule.side_px, rule.side_px) if exact else (2 * rule.multiple_px, 3 * rule.multiple_px)
    example = torch.zeros(2, 3, *sides)
    sizes = {0: "batch"} if exact else {0: "batch", 2: "height", 3: "width"}
    file = io.BytesIO()
    with warnings.catch_warnings(), torch.inference_mode():
        warnings.simplefilter("ignore")  # the tracer's, on sizes that are meant to be constants
        torch.onnx.export(
            network,
            (example,),
            file,  # type: ignore[arg-type]
            dynamo=False,  # docs/decisions/0135
            input_names=[INPUT],
            output_names=[OUTPUT],
            opset_version=OPSET,
            dynamic_axes={INPUT: sizes, OUTPUT: {max(a - 1, 0): n for a, n in sizes.items()}},
        )
    model = onnx.load_from_string(file.getvalue())
    onnx.helper.set_model_props(model, dict(metadata))
    return model
