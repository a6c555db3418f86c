"""Decoding a JPEG at reduced scale changes the depth no more than docs/decisions says."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
import skimage.data
from numpy.typing import NDArray
from PIL import Image

from contract.image_header import read_header
from contract.settings import Settings
from worker.engines.factory import open_engine
from worker.engines.protocol import Engine
from worker.imaging.decode import decode, reduction
from worker.models.prepare import net_size, prepare

PHOTOS = Path(skimage.data.__file__).parent
MEAN_OF_RANGE = 0.02  # measured: 0.011 at worst
ORDER_KEPT = 0.98  # measured: 0.991 at worst


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    engine = open_engine(Settings(precision="fp32"))
    engine.load()
    yield engine
    del engine


def jpeg(name: str, long_side: int) -> bytes:
    """A scikit-image photograph scaled up, so that it is decoded at 1/2 or 1/4."""
    image = Image.open(PHOTOS / name).convert("RGB")
    scale = long_side / max(image.size)
    size = (round(image.width * scale), round(image.height * scale))
    file = io.BytesIO()
    image.resize(size, Image.Resampling.LANCZOS).save(file, "JPEG", quality=92)
    return file.getvalue()


def order_kept(before: NDArray[np.float32], after: NDArray[np.float32]) -> float:
    """The share of pixel pairs, clearly apart before, that are still in the same order."""
    first, second = np.random.default_rng(0).integers(0, before.size, (2, 100_000))
    gap = before.ravel()[first] - before.ravel()[second]
    clear = np.abs(gap) > 0.05 * before.std()
    same = np.sign(gap) == np.sign(after.ravel()[first] - after.ravel()[second])
    return float(same[clear].mean())


@pytest.mark.parametrize("name", ["astronaut.png", "coffee.png", "chelsea.png", "rocket.jpg"])
@pytest.mark.parametrize(("long_side", "factor"), [(1536, 2), (3072, 4)])
def test_depth_stays_within_the_stated_tolerance(
    engine: Engine, name: str, long_side: int, factor: int
) -> None:
    data = jpeg(name, long_side)
    header = read_header(data)
    assert reduction(header, 768) == factor
    whole = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR_RGB)
    size = net_size(*whole.shape[:2])
    before = engine.infer(prepare(whole, *size)[None])[0]
    after = engine.infer(prepare(decode(data, header, 120_000_000, 768).rgb, *size)[None])[0]
    assert np.abs(after - before).mean() <= MEAN_OF_RANGE * np.ptp(before)
    assert order_kept(before, after) >= ORDER_KEPT
