"""The transform equals the original's, number by number."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.golden.seeded_weights import image
from worker.models.prepare import net_size, prepare

GOLDEN = Path(__file__).parents[3] / "golden"
NET_SIZES = json.loads((GOLDEN / "net_sizes.json").read_text())
NUMBERS = np.load(GOLDEN / "golden.npz")
CASES = sorted({name.split(".")[0] for name in NUMBERS.files})


@pytest.mark.parametrize("size", NET_SIZES)
def test_the_network_sees_the_size_that_the_original_chooses(size: str) -> None:
    height, width = map(int, size.split("x"))
    assert list(net_size(height, width)) == NET_SIZES[size]


@pytest.mark.parametrize(("height", "width"), [(1, 30_000), (30_000, 1), (1, 100)])
def test_extreme_shapes_get_at_least_one_multiple(height: int, width: int) -> None:
    assert sorted(net_size(height, width)) == [32, 256]


@pytest.mark.parametrize("case", CASES)
def test_tensors_equal_the_originals(case: str) -> None:
    size, seed = case.split("_")
    height, width = map(int, size.split("x"))
    assert list(net_size(height, width)) == NUMBERS[f"{case}.net_shape"].tolist()
    tensor = prepare(image(height, width, int(seed)), *net_size(height, width))
    np.testing.assert_allclose(tensor[:, ::4, ::4], NUMBERS[f"{case}.input"], rtol=0, atol=1e-5)
    assert tensor.dtype == np.float32
    assert tensor.flags.c_contiguous


@pytest.mark.parametrize(("height", "width"), [(1025, 1400), (2448, 3264), (4096, 64), (1281, 90)])
def test_the_short_cut_for_large_images_changes_nothing(height: int, width: int) -> None:
    rgb = np.random.default_rng(1).integers(0, 256, (height, width, 3), np.uint8)
    net_height, net_width = net_size(height, width)
    whole = cv2.resize(rgb / 255.0, (net_width, net_height), interpolation=cv2.INTER_CUBIC)
    expected = (whole - [0.485, 0.456, 0.406]) / [0.229, 0.224, 0.225]
    tensor = prepare(rgb, net_height, net_width)
    np.testing.assert_allclose(tensor, expected.transpose(2, 0, 1), rtol=0, atol=1e-5)
