"""What every peer does with an image, in the plain way: decode, infer, encode the outputs.

The original's transform and OpenCV's encoders at their defaults, as its README and a search for
"save depth map png opencv" would have it.
"""

from __future__ import annotations

import base64
import os
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.peers.keeping import Kept, begin

__all__ = ["begin", "decode", "fast_engine", "finish"]

KEEPS = os.environ.get("PEER_KEEPS", "files")
ORIGINAL_SIZE = os.environ.get("PEER_SIZE") == "original"
_MEAN = np.array([0.485, 0.456, 0.406])
_STD = np.array([0.229, 0.224, 0.225])


def decode(data: bytes) -> tuple[NDArray[np.float32], tuple[int, int]]:
    """Return the network's input (3, H, W), and width and height of the image."""
    bgr = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    height, width = bgr.shape[:2]
    image = cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB) / 255.0
    scale = 256 / max(height, width)
    size = tuple(int(np.round(scale * side / 32) * 32) for side in (width, height))
    image = (cv2.resize(image, size, interpolation=cv2.INTER_CUBIC) - _MEAN) / _STD
    return np.ascontiguousarray(image.transpose(2, 0, 1).astype(np.float32)), (width, height)


def finish(depth: NDArray[np.float32], size: tuple[int, int], kept: Kept) -> dict[str, Any]:
    """Encode what PEER_KEEPS asks for and return the answer's document.

    `files`: depth as 16-bit PNG and as inferno JPEG, in a folder. `nothing`: the JPEG alone, in
    the answer. `s3`: both, and a result record, in the bucket that has the input already.
    """
    if ORIGINAL_SIZE:
        depth = cv2.resize(depth, size, interpolation=cv2.INTER_CUBIC)
    low, high = float(depth.min()), float(depth.max())
    unit = (depth - low) / max(high - low, 1e-6)
    about = {"min": low, "max": high}
    heatmap = cv2.applyColorMap((unit * 255).astype(np.uint8), cv2.COLORMAP_INFERNO)
    files = {"heatmap.jpg": _encoded(".jpg", heatmap)}
    if KEEPS == "nothing":
        return {"heatmap": base64.b64encode(files["heatmap.jpg"]).decode(), **about}
    files["depth.png"] = _encoded(".png", (unit * 65535).astype(np.uint16))
    return kept.outputs(files, about)


def _encoded(kind: str, picture: Any) -> bytes:
    return bytes(cv2.imencode(kind, picture)[1])


def fast_engine(max_batch: int) -> Any:
    """Return the project's default engine, loaded: peers get the same one."""
    from contract.settings import Settings
    from worker.engines.factory import open_engine

    engine = open_engine(Settings(max_batch=max_batch))
    engine.load()
    engine.warm_up([(192, 256)])
    return engine
