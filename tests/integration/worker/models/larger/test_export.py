"""The exported networks compute in every engine what they compute in torch, at any size."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from contract.models.registry import MODELS
from tests.golden.models.cases import NAMES, network, state_dict
from tests.golden.seeded_weights import image
from tests.tiers import thorough
from worker.engines.onnxruntime_engine import OnnxRuntimeEngine
from worker.engines.openvino_engine import OpenVinoEngine
from worker.weights.convert import convert
from worker.weights.resolve import Artefact

pytestmark = pytest.mark.timeout(1800)  # minutes where other programs compute too
TOLERANCE = 1e-3  # of the depth's range
LIGHT = "depth_anything_v2_vits"  # for the ordinary run; `make models` runs all
Taps = tuple[int, ...]  # the blocks whose tokens the decoder gets; what is behind them is left out
AS_PUBLISHED: Taps = ()
SHALLOW: Taps = (0, 1, 2, 3)  # a third of the encoder, with every kind of layer that the whole has
SHAPES = {  # batch, height, width; the first is the smallest, then odd ones, then its own size
    "depth_anything_v2_vits": [(2, 28, 70), (1, 546, 14), (3, 70, 126), (1, 518, 518)],
    "dpt_hybrid_384": [(2, 96, 64), (1, 32, 384), (3, 64, 160), (1, 384, 512)],
    "dpt_large_384": [(2, 96, 64), (1, 32, 384), (1, 384, 384)],
    "dpt_swin2_tiny_256": [(2, 256, 256)],
    "midas_v21_384": [(2, 96, 64), (1, 32, 384), (3, 64, 160), (1, 288, 384)],
}
CASES = [
    pytest.param(LIGHT, SHAPES[LIGHT][0], SHALLOW, id=f"{LIGHT}-shallow"),
    thorough(LIGHT, SHAPES[LIGHT][0], AS_PUBLISHED, name=f"{LIGHT}-shape0"),
    *(
        pytest.param(name, shape, AS_PUBLISHED, id=f"{name}-shape{index}", marks=pytest.mark.slow)
        for name in NAMES
        for index, shape in enumerate(SHAPES[name])
        if (name, index) != (LIGHT, 0)
    ),
]


@lru_cache(maxsize=1)
def in_torch(name: str) -> Any:
    return network(name)


@contextmanager
def tapped_at(name: str, taps: Taps) -> Iterator[None]:
    """Have the network of `name` end with the last of `taps`, if there are any."""
    with pytest.MonkeyPatch.context() as patch:
        if taps:
            patch.setattr(f"worker.models.{name}.network.TAPS", taps)
        yield


@pytest.fixture(scope="module")
def artefacts(tmp_path_factory: pytest.TempPathFactory) -> Artefacts:
    """Artefacts by name and taps, converted when they are asked for."""
    return Artefacts(tmp_path_factory.mktemp("artefacts"))


class Artefacts(dict[tuple[str, Taps], Artefact]):
    """Converts the seeded weights of a model as a downloaded checkpoint is converted."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.folder = folder

    def __missing__(self, asked: tuple[str, Taps]) -> Artefact:
        from safetensors.numpy import save_file

        name, taps = asked
        checkpoint = self.folder / f"{name}.safetensors"
        save_file(state_dict(name), checkpoint)
        target = self.folder / f"{name}-{len(taps)}.onnx"
        with tapped_at(name, taps):
            path = convert(checkpoint, target, MODELS[name], weights_id="seeded")
        checkpoint.unlink()  # a gigabyte of the largest
        self[asked] = Artefact(path, "seeded", MODELS[name])
        return self[asked]


@pytest.mark.parametrize(("name", "shape", "taps"), CASES)
def test_the_engines_equal_torch(
    artefacts: Artefacts, name: str, shape: tuple[int, int, int], taps: Taps
) -> None:
    import torch

    batch, height, width = shape
    rule = MODELS[name].input
    pictures = np.stack([image(height, width, seed) for seed in range(batch)]) / 255.0
    normalised = ((pictures - rule.mean) / rule.std).transpose(0, 3, 1, 2)
    images = np.ascontiguousarray(normalised, np.float32)
    with torch.inference_mode(), tapped_at(name, taps):
        expected = in_torch(name)(torch.from_numpy(images)).numpy()
    for engine_class in (OpenVinoEngine, OnnxRuntimeEngine):
        engine = engine_class(artefacts[name, taps], precision="fp32", threads=2, max_batch=3)
        engine.load()
        depth = engine.infer(images)
        assert depth.shape == (batch, height, width)
        deviation = np.abs(depth - expected).max() / (expected.max() - expected.min())
        print(f"{name} {shape} {engine_class.__name__}: {deviation:.1e}")  # `make models` shows it
        assert deviation < TOLERANCE, engine_class.__name__


def test_the_file_says_whose_weights_it_holds(artefacts: Artefacts) -> None:
    import onnx

    model = onnx.load(artefacts[LIGHT, SHALLOW].path)
    about = {entry.key: entry.value for entry in model.metadata_props}
    assert about["model"] == LIGHT
    assert about["weights_id"] == "seeded"
    sizes = [d.dim_param or d.dim_value for d in model.graph.input[0].type.tensor_type.shape.dim]
    assert sizes == ["batch", 3, "height", "width"]
