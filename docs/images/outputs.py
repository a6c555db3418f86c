"""Makes the contact sheet of docs/outputs.md again: `depthq up`, then `python docs/images/outputs.py [URL]`.

The photographs are scikit-image's: coffee and chelsea (CC0), astronaut (public domain).
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import skimage
from PIL import Image, ImageDraw, ImageFont, ImageSequence

from depthq import DepthClient

NAMES = ("coffee.png", "chelsea.png", "astronaut.png")
SHOWN = ("heatmap", "gray", "normals", "cutout", "subject", "refocus", "anaglyph", "stereo", "parallax")
CELL_PX, LABEL_PX, GAP_PX, COLUMNS = 230, 20, 6, 5


def square(path: Path) -> Image.Image:
    """Return the picture in a square cell, transparent parts before a checkerboard."""
    picture = next(ImageSequence.Iterator(Image.open(path))).convert("RGBA")
    picture.thumbnail((CELL_PX, CELL_PX), Image.Resampling.LANCZOS)
    cell = Image.new("RGBA", (CELL_PX, CELL_PX), "white")
    draw = ImageDraw.Draw(cell)
    left, top = (CELL_PX - picture.width) // 2, (CELL_PX - picture.height) // 2
    for y in range(0, picture.height, 10):
        for x in range(y // 10 % 2 * 10, picture.width, 20):
            box = (left + x, top + y, min(left + x + 9, left + picture.width - 1), min(top + y + 9, top + picture.height - 1))
            draw.rectangle(box, "#d0d0d0")
    cell.alpha_composite(picture, (left, top))
    return cell.convert("RGB")


def sheet(cells: list[tuple[str, Image.Image]]) -> Image.Image:
    """Return all cells with their names below, in rows."""
    rows = -(-len(cells) // COLUMNS)
    width, height = CELL_PX + GAP_PX, CELL_PX + LABEL_PX + GAP_PX
    whole = Image.new("RGB", (COLUMNS * width - GAP_PX, rows * height - GAP_PX), "white")
    draw, font = ImageDraw.Draw(whole), ImageFont.load_default(14)
    for number, (name, cell) in enumerate(cells):
        left, top = number % COLUMNS * width, number // COLUMNS * height
        whole.paste(cell, (left, top))
        draw.text((left + 4, top + CELL_PX + 2), name, "black", font)
    return whole


def main() -> None:
    """Submit, download, arrange, save."""
    cells = []
    with DepthClient(*sys.argv[1:]) as depthq, tempfile.TemporaryDirectory() as folder:
        for name in NAMES:
            photograph = Path(skimage.__file__).parent / "data" / name
            job = depthq.submit(photograph, wait=60, outputs=",".join(SHOWN), refine="guided")
            made = depthq.download(job, Path(folder, photograph.stem))
            cells += [("photograph", square(photograph)), *((output, square(made[output])) for output in SHOWN)]
    sheet(cells).save(Path(__file__).with_name("outputs.jpg"), quality=85, optimize=True)


if __name__ == "__main__":
    main()
