"""Depth of nine photographs as the bundled network gives it, small, for tests of descriptions.

`python -m tests.golden.described` makes described.npz again: uint8, 0 far … 255 near, at most 96 px
a side. Seven photographs come with scikit-image; `china` (danielbuechele) and `flower` (vultilion),
both CC BY 2.0, with scikit-learn, which no test needs: without it those two are kept.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

FILE = Path(__file__).with_name("described.npz")
SIDE = 96  # px
OWN = {
    "astronaut": "astronaut.png",
    "cat": "chelsea.png",
    "coffee": "coffee.png",
    "rocket": "rocket.jpg",
    "motorcycle": "motorcycle_left.png",
    "photographer": "camera.png",
    "bricks": "brick.png",
}
FOREIGN = {"china": "china.jpg", "flower": "flower.jpg"}


def described() -> dict[str, NDArray[np.float32]]:
    """Return depth (h, w) by the photograph's name."""
    return {name: codes.astype(np.float32) for name, codes in np.load(FILE).items()}


def _photographs() -> Iterator[tuple[str, Path]]:
    import skimage

    for name, file in OWN.items():
        yield name, Path(skimage.__file__).parent / "data" / file
    learn = find_spec("sklearn")
    if learn is not None and learn.origin is not None:
        for name, file in FOREIGN.items():
            yield name, Path(learn.origin).parent / "datasets" / "images" / file


def main() -> None:
    """Run the network on the photographs and write the file."""
    from contract.settings import Settings
    from worker.engines.factory import open_engine
    from worker.models.prepare import net_size, prepare

    engine = open_engine(Settings(precision="fp32", weights="bundled"))
    engine.load()
    made = dict(np.load(FILE)) if FILE.exists() else {}
    for name, path in _photographs():
        rgb = cv2.imread(str(path), cv2.IMREAD_COLOR)[:, :, ::-1]
        depth = engine.infer(prepare(rgb, *net_size(*rgb.shape[:2]))[None])[0]
        height, width = (round(side * SIDE / max(depth.shape)) for side in depth.shape)
        small = cv2.resize(depth, (width, height), interpolation=cv2.INTER_AREA)
        made[name] = ((small - small.min()) / np.ptp(small) * 255).round().astype(np.uint8)
    np.savez_compressed(FILE, **made)


if __name__ == "__main__":
    main()
