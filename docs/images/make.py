"""Makes the README's picture again, from a running service: `depthq up`, then `python docs/images/make.py [URL]`.

The photographs are scikit-image's: coffee and chelsea (CC0), astronaut and rocket (public domain).
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import skimage
from PIL import Image

from depthq import DepthClient

NAMES = ("coffee.png", "chelsea.png", "astronaut.png", "rocket.jpg")
HEIGHT_PX, GAP_PX = 250, 6


def row(paths: list[Path]) -> Image.Image:
    """Join the pictures side by side at one height."""
    pictures = [Image.open(path).convert("RGB") for path in paths]
    scaled = [p.resize((p.width * HEIGHT_PX // p.height, HEIGHT_PX), Image.Resampling.LANCZOS) for p in pictures]
    joined = Image.new("RGB", (sum(p.width + GAP_PX for p in scaled) - GAP_PX, HEIGHT_PX), "white")
    left = 0
    for picture in scaled:
        joined.paste(picture, (left, 0))
        left += picture.width + GAP_PX
    return joined


def main() -> None:
    """Submit, download, join, save."""
    photographs = [Path(skimage.__file__).parent / "data" / name for name in NAMES]
    with DepthClient(*sys.argv[1:]) as depthq, tempfile.TemporaryDirectory() as folder:
        heats = []
        for photograph in photographs:
            job = depthq.submit(photograph, wait=60, outputs="heatmap", heatmap_format="png", refine="guided")
            target = Path(folder, photograph.stem)
            depthq.download(job, target)
            heats += sorted(target.glob("*.png"))
        rows = [row(photographs), row(heats)]
        both = Image.new("RGB", (rows[0].width, 2 * HEIGHT_PX + GAP_PX), "white")
        both.paste(rows[0], (0, 0))
        both.paste(rows[1], (0, HEIGHT_PX + GAP_PX))
        both.save(Path(__file__).with_name("depth.jpg"), quality=88, optimize=True)


if __name__ == "__main__":
    main()
