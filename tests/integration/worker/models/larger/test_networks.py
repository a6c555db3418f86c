"""The larger torch networks are the published ones: their names, their shapes, their numbers."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
import pytest

from contract.models.registry import MODELS
from tests.golden.models.cases import CASES, NAMES, golden, network, published, state_dict
from tests.golden.seeded_weights import image
from tests.tiers import thorough

pytestmark = pytest.mark.timeout(1800)  # minutes where other programs compute too
TOLERANCE = 1e-4  # of the golden depth's range
SWIN = "dpt_swin2_tiny_256"  # light enough for the ordinary run; `make models` runs all
SMALL = "depth_anything_v2_vits"


@lru_cache(maxsize=1)  # a large one is not built for each case, nor are two held
def built(name: str) -> Any:
    return network(name)


@pytest.mark.parametrize("case", [CASES[0], *map(thorough, CASES[1:])])
@pytest.mark.parametrize(
    "name", [pytest.param(n, marks=() if n == SWIN else pytest.mark.slow) for n in NAMES]
)
def test_a_network_equals_the_original(name: str, case: str) -> None:
    import torch
    from torch.nn.functional import interpolate

    expected = golden(name, case)
    with torch.inference_mode():
        depth = built(name)(torch.from_numpy(expected.tensor))  # (1, H, W)
        full = interpolate(depth[None], expected.size, mode="bicubic", align_corners=False)
    np.testing.assert_allclose(expected.tensor[0, :, ::8, ::8], expected.input, rtol=0, atol=1e-6)
    print(f"{name} {case}: {expected.deviation(depth.numpy()):.1e}")  # `make models` shows it
    assert expected.deviation(depth.numpy()) < TOLERANCE
    assert expected.full_deviation(full[0, 0].numpy()) < TOLERANCE


# Held out: sizes and seeds of which there are no numbers. What is known is that a picture's depth
# does not depend on the pictures beside it, nor on where the sizes come from.
LARGER = [name for name in NAMES if name not in (SMALL, SWIN)]
ODD = {
    "depth_anything_v2_vits": (42, 154),
    "dpt_hybrid_384": (32, 160),
    "dpt_large_384": (160, 32),
    "dpt_swin2_tiny_256": (256, 256),
    "midas_v21_384": (96, 32),
}


@pytest.mark.parametrize(
    "name",
    [SMALL, thorough(SWIN), *(pytest.param(n, marks=pytest.mark.slow) for n in LARGER)],
)
def test_pictures_of_a_batch_do_not_touch_each_other(name: str) -> None:
    import torch

    images = [image(*ODD[name], seed) / 255.0 for seed in (11, 12, 13)]
    batch = torch.from_numpy(np.stack(images).transpose(0, 3, 1, 2).astype(np.float32))
    with torch.inference_mode():
        together = built(name)(batch).numpy()
        alone = np.concatenate([built(name)(batch[n : n + 1]).numpy() for n in range(3)])
    assert together.shape == (3, *ODD[name])
    assert np.ptp(together[0]) > 0
    deviation = np.abs(together - alone).max() / np.ptp(alone)
    assert deviation < TOLERANCE
    assert np.abs(together[0] - together[1]).max() / np.ptp(alone) > 10 * TOLERANCE


@pytest.mark.parametrize("name", NAMES)
def test_its_tensors_have_the_published_names_shapes_and_order(name: str) -> None:
    from importlib import import_module

    import torch

    with torch.device("meta"):
        net = import_module(f"worker.models.{name}.network").Network()
    shapes = {key: tuple(tensor.shape) for key, tensor in net.state_dict().items()}
    assert list(shapes.items()) == list(published(name).items())


@pytest.mark.parametrize("name", NAMES)
def test_the_declared_number_of_parameters_is_the_checkpoint_s(name: str) -> None:
    counted = sum(
        int(np.prod(shape))
        for key, shape in published(name).items()
        if not key.endswith(("running_mean", "running_var", "num_batches_tracked"))
    )
    assert MODELS[name].cost.parameters == counted


BIAS = "depth_head.scratch.output_conv2.2.bias"


def build(name: str, tensors: dict[str, np.ndarray]) -> Any:
    from importlib import import_module

    return import_module(f"worker.models.{name}.network").build_network(tensors)


def test_a_tensor_of_another_shape_is_refused() -> None:
    with pytest.raises(RuntimeError, match="size mismatch"):
        build(SMALL, state_dict(SMALL) | {BIAS: np.zeros(2, np.float32)})


def test_a_missing_tensor_is_refused() -> None:
    tensors = {name: tensor for name, tensor in state_dict(SMALL).items() if name != BIAS}
    with pytest.raises(RuntimeError, match="Missing key"):
        build(SMALL, tensors)


def test_a_strange_tensor_is_refused() -> None:
    with pytest.raises(RuntimeError, match="Unexpected key"):
        build(SMALL, state_dict(SMALL) | {"stranger": np.zeros(2, np.float32)})


def test_swin_s_own_tables_are_accepted_and_others_refused() -> None:
    tensors = state_dict(SWIN)
    ours = build(SWIN, tensors)
    tables = {
        key: buffer.numpy()
        for key, buffer in ours.named_buffers()
        if key.endswith(("relative_coords_table", "relative_position_index", "attn_mask"))
    }
    assert len(tables) == 26  # two for each of 12 blocks, and two masks of shifted windows
    build(SWIN, tensors | tables)
    index = "pretrained.model.layers.0.blocks.0.attn.relative_position_index"
    with pytest.raises(RuntimeError, match="another table"):
        build(SWIN, tensors | {index: tables[index] + 1})


@pytest.mark.parametrize("grid", [(37, 37), (37, 49), (49, 37), (1, 2), (39, 1), (20, 370)])
def test_depth_anything_s_positions_are_sampled_as_the_original_asks(grid: tuple[int, int]) -> None:
    import torch
    from torch.nn.functional import interpolate

    from worker.models.depth_anything_v2_vits.positions import resize_bicubic

    square = torch.from_numpy(np.random.default_rng(0).standard_normal((1, 8, 37, 37), np.float32))
    expected = square
    if grid != (37, 37):
        scale = tuple((count + 0.1) / 37 for count in grid)
        expected = interpolate(square, scale_factor=scale, mode="bicubic", antialias=False)
    ours = resize_bicubic(square, grid)
    assert tuple(ours.shape[2:]) == grid
    np.testing.assert_allclose(ours.numpy(), expected.numpy(), rtol=0, atol=2e-5)
