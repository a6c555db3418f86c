"""Makes the small HEIC files of this folder: `pip install pillow-heif`, then run it from the root.

The project itself never needs an encoder of HEIC.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pillow_heif
from PIL import Image

from tests.pictures import photo

HERE = Path(__file__).parent


def main() -> None:
    """Write a file for each way to turn it, one with a lens, one with alpha, one of ten bits."""
    pillow_heif.register_heif_opener()
    for orientation in range(1, 9):
        exif = Image.Exif()
        exif[0x0112] = orientation  # written as `irot` and `imir` boxes
        save(f"heic-turned-{orientation}.heic", photo(), exif=exif.tobytes())
    lens = Image.Exif()
    lens[0x0112] = 6
    lens.get_ifd(0x8769)[0xA405] = 26  # FocalLengthIn35mmFilm
    save("heic-focal.heic", photo(), exif=lens.tobytes())
    clear = photo()
    clear.putalpha(Image.linear_gradient("L").resize(clear.size))
    save("heic-alpha.heic", clear)
    deep = np.asarray(photo()).astype("<u2") << 8
    file = pillow_heif.from_bytes("RGB;16", photo().size, deep.tobytes())
    file.save(HERE / "heic-ten-bits.heic", quality=-1)


def save(name: str, image: Image.Image, **options: object) -> None:
    """Write the picture without loss, colours at full size."""
    image.save(HERE / name, "HEIF", quality=-1, chroma=444, **options)


if __name__ == "__main__":
    main()
