"""The torch network is the published one: its names, its shapes, its numbers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import pytest

from tests.golden.cases import CASES, golden
from tests.golden.seeded_weights import state_dict
from worker.models.midas_small.plan import is_unused, tensor_shapes

if TYPE_CHECKING:
    from worker.models.midas_small.network import Network


def build_network(tensors: Mapping[str, np.ndarray]) -> Network:
    """Build it; torch is imported here, as it costs each test process seconds to collect."""
    from worker.models.midas_small import network

    return network.build_network(tensors)


@pytest.fixture(scope="module")
def network() -> Network:
    return build_network(state_dict())


def test_its_tensors_have_the_published_names_shapes_and_order(network: Network) -> None:
    shapes = {name: tuple(tensor.shape) for name, tensor in network.state_dict().items()}
    assert list(shapes.items()) == list(tensor_shapes().items())


@pytest.mark.parametrize("case", CASES)
def test_it_equals_the_original(network: Network, case: str) -> None:
    expected = golden(case)
    import torch

    with torch.inference_mode():
        depth = network(torch.from_numpy(expected.tensor)).numpy()
    assert expected.deviation(depth) < 1e-4


def test_a_tensor_of_another_shape_is_refused() -> None:
    tensors = state_dict() | {"scratch.output_conv.4.bias": np.zeros(2, np.float32)}
    with pytest.raises(RuntimeError, match="size mismatch"):
        build_network(tensors)


def test_a_missing_tensor_is_refused() -> None:
    tensors = state_dict()
    del tensors["scratch.output_conv.4.bias"]
    with pytest.raises(RuntimeError, match="Missing key"):
        build_network(tensors)


def test_the_idle_residual_unit_may_be_missing() -> None:
    tensors = {name: array for name, array in state_dict().items() if not is_unused(name)}
    unit = build_network(tensors).state_dict()["scratch.refinenet4.resConfUnit1.conv1.weight"]
    assert not unit.any()
