"""Measures anew what docs/model-card.md says: `python -m tests.quality.measure`.

Ordinal accuracy in fp32 and bf16, and how far bf16 is from fp32 as a share of the output's range.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator

import cv2
import numpy as np
from numpy.typing import NDArray
from skimage import data

from contract.settings import Settings
from tests.quality.ordinal import ordinal_accuracy
from tests.quality.scenes import SCENES
from worker.engines.factory import open_engine
from worker.engines.protocol import EngineError
from worker.models.prepare import net_size, prepare

PHOTOGRAPHS = ("astronaut", "cat", "coffee", "rocket")


def pictures() -> Iterator[tuple[str, NDArray[np.uint8], NDArray[np.floating] | None]]:
    """Yield name, RGB, and the true disparity where it is known."""
    for name, make in SCENES.items():
        scene = make()
        yield name, scene.rgb, 1 / scene.depth
    left, _, disparity = data.stereo_motorcycle()
    yield "motorcycle", left, disparity
    for name in PHOTOGRAPHS:
        yield name, getattr(data, name)(), None


def main() -> None:
    """Print one line of the table per picture."""
    fp32, bf16 = (open_engine(Settings(precision=p)) for p in ("fp32", "bf16"))
    fp32.load()
    try:
        bf16.load()
    except EngineError as exc:
        sys.exit(exc.message)
    sys.stdout.write(
        "| picture | fp32 | bf16 | largest deviation | mean deviation |\n|---|---|---|---|---|\n"
    )
    for name, rgb, disparity in pictures():
        tensor = prepare(rgb, *net_size(*rgb.shape[:2]))[None]
        depths = [engine.infer(tensor)[0] for engine in (fp32, bf16)]
        away = abs(depths[1] - depths[0]) / np.ptp(depths[0])
        scores = ["–" if disparity is None else f"{score(d, disparity):.3f}" for d in depths]
        row = [name, *scores, f"{away.max():.2%}", f"{away.mean():.2%}"]
        sys.stdout.write(f"| {' | '.join(row)} |\n")


def score(depth: NDArray[np.float32], disparity: NDArray[np.floating]) -> float:
    """Return the ordinal accuracy of `depth`, brought to the size of `disparity`."""
    height, width = disparity.shape
    full = cv2.resize(depth, (width, height), interpolation=cv2.INTER_CUBIC)
    return ordinal_accuracy(full, disparity)


if __name__ == "__main__":
    main()
