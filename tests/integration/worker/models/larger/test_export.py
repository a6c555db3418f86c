"""The exported networks compute in every engine what they compute in torch, at any size."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from contract.models.registry import MODELS
from tests.golden.models.cases import NAMES, network, state_dict
from tests.golden.seeded_weights import image
from worker.engines.onnxruntime_engine import OnnxRuntimeEngine
from worker.engines.openvino_engine import OpenVinoEngine
from worker.weights.convert import convert
from worker.weights.resolve import Artefact

pytestmark = pytest.mark.timeout(1800)  # minutes where other programs compute too
TOLERANCE = 1e-3  # of the depth's range
LIGHT = "depth_anything_v2_vits"  # for the ordinary run; `make models` runs all
SHAPES = {  # batch, height, width; the first is the smallest, then odd ones, then its own size
    "depth_anything_v2_vits": [(2, 28, 70), (1, 546, 14), (3, 70, 126), (1, 518, 518)],
    "dpt_hybrid_384": [(2, 96, 64), (1, 32, 384), (3, 64, 160), (1, 384, 512)],
    "dpt_large_384": [(2, 96, 64), (1, 32, 384), (1, 384, 384)],
    "dpt_swin2_tiny_256": [(2, 256, 256)],
    "midas_v21_384": [(2, 96, 64), (1, 32, 384), (3, 64, 160), (1, 288, 384)],
}
CASES = [
    pytest.param(name, shape, marks=() if (name, index) == (LIGHT, 0) else pytest.mark.slow)
    for name in NAMES
    for index, shape in enumerate(SHAPES[name])
]


@lru_cache(maxsize=1)
def in_torch(name: str) -> Any:
    return network(name)


@pytest.fixture(scope="module")
def artefacts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Artefact]:
    """Artefacts by name, converted when they are asked for."""
    return Artefacts(tmp_path_factory.mktemp("artefacts"))


class Artefacts(dict[str, Artefact]):
    """Converts the seeded weights of a model as a downloaded checkpoint is converted."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.folder = folder

    def __missing__(self, name: str) -> Artefact:
        from safetensors.numpy import save_file

        checkpoint = self.folder / f"{name}.safetensors"
        save_file(state_dict(name), checkpoint)
        path = convert(checkpoint, self.folder / f"{name}.onnx", MODELS[name], weights_id="seeded")
        checkpoint.unlink()  # a gigabyte of the largest
        self[name] = Artefact(path, "seeded", MODELS[name])
        return self[name]


@pytest.mark.parametrize(("name", "shape"), CASES)
def test_the_engines_equal_torch(
    artefacts: dict[str, Artefact], name: str, shape: tuple[int, int, int]
) -> None:
    import torch

    batch, height, width = shape
    rule = MODELS[name].input
    pictures = np.stack([image(height, width, seed) for seed in range(batch)]) / 255.0
    normalised = ((pictures - rule.mean) / rule.std).transpose(0, 3, 1, 2)
    images = np.ascontiguousarray(normalised, np.float32)
    with torch.inference_mode():
        expected = in_torch(name)(torch.from_numpy(images)).numpy()
    for engine_class in (OpenVinoEngine, OnnxRuntimeEngine):
        engine = engine_class(artefacts[name], precision="fp32", threads=2, max_batch=3)
        engine.load()
        depth = engine.infer(images)
        assert depth.shape == (batch, height, width)
        deviation = np.abs(depth - expected).max() / (expected.max() - expected.min())
        print(f"{name} {shape} {engine_class.__name__}: {deviation:.1e}")  # `make models` shows it
        assert deviation < TOLERANCE, engine_class.__name__


def test_the_file_says_whose_weights_it_holds(artefacts: dict[str, Artefact]) -> None:
    import onnx

    model = onnx.load(artefacts[LIGHT].path)
    about = {entry.key: entry.value for entry in model.metadata_props}
    assert about["model"] == LIGHT
    assert about["weights_id"] == "seeded"
    sizes = [d.dim_param or d.dim_value for d in model.graph.input[0].type.tensor_type.shape.dim]
    assert sizes == ["batch", 3, "height", "width"]
