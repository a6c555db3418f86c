"""Measures int8 against fp32 (`pip install nncf`): `python -m tests.quality.quantization [HALF]`.

Post-training quantization of the bundled network, calibrated on crops of three photographs; the
others are held out. With a half (`encoder`, `decoder`) only that one is quantized.
"""

from __future__ import annotations

import sys
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from skimage import data

from tests.quality.measure import pictures, score
from tests.quality.ordinal import ordinal_accuracy
from worker.engines.openvino_engine import openvino_library
from worker.models.prepare import net_size, prepare
from worker.weights.resolve import bundled

openvino = openvino_library()
CALIBRATION = ("coffee", "rocket", "retina")
SHAPES = ((192, 256), (256, 192), (160, 256), (256, 256))
CROPS = 48
LEFT_OUT = {"": [".*output_conv.*"], "encoder": [".*scratch.*"], "decoder": [".*pretrained.*"]}
Depth = NDArray[np.float32]


def crops() -> list[Depth]:
    """Return tensors (1, 3, H, W) of random crops: scaled, mirrored, darker and brighter."""
    rng = np.random.default_rng(0)
    photographs = [getattr(data, name)()[..., :3] for name in CALIBRATION]
    return [
        _crop(rng, photographs[i % len(photographs)], *SHAPES[i % len(SHAPES)])
        for i in range(CROPS)
    ]


def _crop(rng: np.random.Generator, image: NDArray[np.uint8], height: int, width: int) -> Depth:
    least = max(height / image.shape[0], width / image.shape[1])
    scale = rng.uniform(least, max(1.0, least))
    size = (max(width, round(image.shape[1] * scale)), max(height, round(image.shape[0] * scale)))
    large = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    top, left = rng.integers(size[1] - height + 1), rng.integers(size[0] - width + 1)
    crop = large[top : top + height, left : left + width, :][:, :: rng.choice((1, -1))]
    lit = 255 * (crop / 255) ** rng.uniform(0.6, 1.5)
    return prepare(np.ascontiguousarray(lit.astype(np.uint8)), height, width)[None]


def away(depth: Depth, reference: Depth) -> float:
    """Return the mean relative deviation after the best scale and shift (AbsRel)."""
    columns = np.stack([depth.ravel(), np.ones(depth.size)], axis=1)
    scale, shift = np.linalg.lstsq(columns, reference.ravel(), rcond=None)[0]
    counts = reference > max(float(np.percentile(reference, 2)), 1e-3)
    return float((abs(scale * depth + shift - reference) / reference)[counts].mean())


def main(only: str = "") -> None:
    """Quantize and print one line of the table per picture."""
    import nncf

    core = openvino.Core()
    network = core.read_model(bundled().path)
    scope = nncf.IgnoredScope(patterns=LEFT_OUT[only])
    mixed = nncf.QuantizationPreset.MIXED
    quantized = nncf.quantize(network, nncf.Dataset(crops()), preset=mixed, ignored_scope=scope)
    fp32, int8 = (_runner(core, *way) for way in ((network, "f32"), (quantized, "bf16")))
    sys.stdout.write("| picture | ordered as fp32 | AbsRel | accuracy fp32 | int8 |\n")
    for name, rgb, disparity in pictures():
        tensor = prepare(rgb, *net_size(*rgb.shape[:2]))[None]
        reference, depth = fp32(tensor), int8(tensor)
        same = ordinal_accuracy(depth, reference)
        known = [] if disparity is None else [score(d, disparity) for d in (reference, depth)]
        scores = " | ".join(f"{value:.3f}" for value in known)
        sys.stdout.write(f"| {name} | {same:.4f} | {away(depth, reference):.1%} | {scores} |\n")


def _runner(core: Any, model: Any, hint: str) -> Any:
    request = core.compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": hint})
    request = request.create_infer_request()
    return lambda tensor: request.infer([tensor])[0][0].copy()


if __name__ == "__main__":
    main(*sys.argv[1:])
