"""The disposable process that decodes and prepares: `python -m worker.imaging.child LIMITS`.

Reads frames from its standard input, answers on its standard output, until the input ends.
Nothing it says is trusted, nothing it needs is secret: its environment is empty of both.
"""

from __future__ import annotations

import os
import sys
import time
from typing import Any

import cv2

from contract.errors import DepthqError, ImageTooLarge
from contract.image_header import check_limits, read_header
from worker.confine import confine
from worker.imaging import frames, pillow
from worker.imaging.decode import decode
from worker.imaging.limits import Limits
from worker.models.prepare import net_size, prepare


def main() -> None:
    """Serve until the parent closes the pipe."""
    limits = Limits.from_json(sys.argv[1])
    answers = os.dup(1)
    os.dup2(2, 1)  # whatever a library prints must not reach the frames
    cv2.setNumThreads(1)
    pillow.get_ready()
    confine.confine(limits.memory_bytes)
    captured = confine.Captured()
    captured.take()
    frames.write_all(answers, frames.head_and_meta({"ready": True}, 0))
    requests = frames.blocking_fill(0)
    while True:
        try:
            _, data = frames.read_frame(requests, limits.memory_bytes)
        except EOFError:
            return
        confine.allow(limits.timeout_s)
        meta, tensor = answer(data, limits)
        meta["warnings"] = captured.take()
        confine.rest()
        frames.write_all(answers, frames.head_and_meta(meta, len(tensor)), tensor)


def answer(data: bytearray, limits: Limits) -> tuple[dict[str, Any], memoryview]:
    """Return the description and the tensor of one image, or of its error and nothing."""
    try:
        return _prepared(bytes(data), limits)
    except DepthqError as error:
        return {"error": error.code, "message": error.message}, memoryview(b"")
    except MemoryError:
        message = "Preparing the image needs more memory than a decoder is given."
        return {"error": ImageTooLarge.code, "message": message}, memoryview(b"")
    except Exception as error:  # the child's last word: the parent turns it into an error of ours
        return {"error": "internal", "message": repr(error)[:500]}, memoryview(b"")


def _prepared(data: bytes, limits: Limits) -> tuple[dict[str, Any], memoryview]:
    began = time.perf_counter()
    header = read_header(data, limits.extra_formats)
    check_limits(header, limits.max_pixels)
    picture = decode(data, header, limits.max_pixels)
    decoded = time.perf_counter()
    tensor = prepare(picture.rgb, *net_size(picture.height, picture.width))
    done = time.perf_counter()
    meta = {
        "size": (picture.width, picture.height),
        "damage": picture.damage,
        "decode_ms": (decoded - began) * 1e3,
        "prepare_ms": (done - decoded) * 1e3,
    }
    return meta, tensor.data.cast("B")


if __name__ == "__main__":
    main()
