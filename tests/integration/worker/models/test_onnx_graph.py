"""The ONNX graph is a valid model and a faithful store of the checkpoint's tensors."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from onnx import ModelProto, numpy_helper

from tests.golden.seeded_weights import state_dict
from worker.models.midas_small.onnx_graph import build_onnx
from worker.models.midas_small.plan import is_counter, is_unused, tensor_shapes


@pytest.fixture(scope="module")
def model() -> ModelProto:
    return build_onnx(state_dict(), half=False, metadata={"weights_id": "seeded"})


def test_it_is_valid_and_its_sizes_are_open(model: ModelProto) -> None:
    onnx.checker.check_model(model, full_check=True)
    image = model.graph.input[0].type.tensor_type.shape
    assert [d.dim_param or d.dim_value for d in image.dim] == ["batch", 3, "height", "width"]


def test_every_tensor_that_inference_reads_is_in_it_under_its_own_name(model: ModelProto) -> None:
    stored = {i.name: tuple(i.dims) for i in model.graph.initializer if i.name in tensor_shapes()}
    read = {n: s for n, s in tensor_shapes().items() if not (is_counter(n) or is_unused(n))}
    assert stored == read


def test_batch_norms_stay_nodes_so_that_weights_can_be_read_back(model: ModelProto) -> None:
    kinds = [node.op_type for node in model.graph.node]
    norms = sum(name.endswith("running_mean") for name in tensor_shapes())
    assert kinds.count("BatchNormalization") == norms


def test_halving_keeps_vectors_whole() -> None:
    model = build_onnx(state_dict(), half=True, metadata={})
    for initializer in model.graph.initializer:
        if initializer.name in tensor_shapes():
            array = numpy_helper.to_array(initializer)
            assert array.dtype == (np.float16 if array.ndim > 1 else np.float32)
