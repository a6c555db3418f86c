"""Up-sampling equals that of the original, which is torch's."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from worker.outputs.encoding.upsample import upsample

NUMBERS = np.load(Path(__file__).parents[3] / "golden" / "golden.npz")


@pytest.mark.parametrize("case", ["61x97_5"])
def test_bicubic_up_sampling_equals_torchs(case: str) -> None:
    torch = pytest.importorskip("torch")
    depth = NUMBERS[f"{case}.depth"]
    for height, width in ((61, 97), (480, 640), (33, 500)):
        wanted = torch.nn.functional.interpolate(
            torch.from_numpy(depth)[None, None], (height, width), mode="bicubic"
        )[0, 0].numpy()
        span = float(wanted.max() - wanted.min())
        np.testing.assert_allclose(upsample(depth, width, height), wanted, atol=1e-5 * span)
