"""What the outputs in space made of a small corridor: `python -m tests.golden.space` remakes it.

Look at what changed before keeping it. Numbers, not bytes: processors round differently.
"""

from __future__ import annotations

import io
import json
import struct
from pathlib import Path

import cv2
import numpy as np

from tests.unit.worker.outputs.spaces import Corridor, corridor, made

FILE = Path(__file__).with_name("space.npz")


def scene() -> Corridor:
    """Return a corridor with a crate in it; its depth is smaller than its picture."""
    small, large = corridor(80, 60), corridor(100, 75)
    inverse, rgb = small.inverse.copy(), large.rgb.copy()
    inverse[36:52, 40:60] = 0.6
    rgb[45:65, 50:75] = (120, 80, 40)
    return Corridor(inverse, large.wall, rgb)


def numbers() -> dict[str, np.ndarray]:
    """Return what each file holds."""
    seen = scene()
    ply = made("pointcloud", seen)
    body = np.frombuffer(ply.split(b"end_header\n", 1)[1], np.uint8).reshape(-1, 27)
    glb = made("mesh", seen)
    length = struct.unpack_from("<I", glb, 12)[0]
    document, binary = json.loads(glb[20 : 20 + length]), glb[28 + length :]
    mesh = [
        np.frombuffer(binary, kind, count=view["byteLength"] // 4, offset=view["byteOffset"])
        for view, kind in zip(document["bufferViews"], ("<f4", "<f4", "<f4", "<u4"), strict=False)
    ]
    png = cv2.imdecode(np.frombuffer(made("normals", seen), np.uint8), cv2.IMREAD_UNCHANGED)
    return {
        "cloud": body[:, :24].copy().view("<f4"),
        "colors": body[:, 24:],
        "vertices": mesh[0].reshape(-1, 3),
        "texture_places": mesh[2].reshape(-1, 2),
        "triangles": mesh[3].reshape(-1, 3),
        "normals": png,
    }


if __name__ == "__main__":
    file = io.BytesIO()
    np.savez_compressed(file, **numbers())
    FILE.write_bytes(file.getvalue())
