"""The worker prepares for the larger networks what their originals prepare."""

from __future__ import annotations

import numpy as np
import pytest

from contract.models.registry import MODELS
from tests.golden.models.cases import CASES, NAMES, golden, prepared
from tests.golden.seeded_weights import image
from worker.models.prepare import prepare


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("name", NAMES)
def test_the_input_equals_the_original_s(name: str, case: str) -> None:
    size, seed = case.split("_")
    rgb = image(*map(int, size.split("x")), int(seed))
    rule = MODELS[name].input
    ours = prepare(rgb, *rule.net_size(*rgb.shape[:2]), rule)
    np.testing.assert_allclose(ours[:, ::8, ::8], golden(name, case).input, rtol=0, atol=2e-5)


@pytest.mark.parametrize(("height", "width"), [(61, 97), (1, 3), (255, 257), (700, 301)])
@pytest.mark.parametrize("name", NAMES)
def test_other_sizes_are_resized_as_opencv_does(name: str, height: int, width: int) -> None:
    rule = MODELS[name].input
    rgb = image(height, width, 5)
    ours = prepare(rgb, *rule.net_size(height, width), rule)
    np.testing.assert_allclose(ours, prepared(name, height, width, 5)[0], rtol=0, atol=1e-4)
