"""The disposable process that decodes and prepares: `python -m worker.imaging.child LIMITS`.

Reads frames from its standard input, answers on its standard output, until the input ends.
Nothing it says is trusted, nothing it needs is secret: its environment is empty of both.
"""

from __future__ import annotations

import os
import sys
import time
from dataclasses import dataclass
from typing import Any

import cv2

from contract.errors import DepthqError, ImageTooLarge
from contract.image_header import check_limits, read_header
from contract.models.input_rule import InputRule
from contract.outputs.declaration import Need
from worker.confine import confine
from worker.imaging import frames, pillow
from worker.imaging.decode import decode
from worker.imaging.limits import Limits
from worker.imaging.photograph import photograph
from worker.imaging.reduction import REDUCED_MARGIN
from worker.models.prepare import prepare

_NOTHING = memoryview(b"")


def main() -> None:
    """Serve until the parent closes the pipe."""
    limits = Limits.from_json(sys.argv[1])
    answers = os.dup(1)
    os.dup2(2, 1)  # output of libraries must not reach the frames
    cv2.setNumThreads(1)
    pillow.get_ready()
    confine.confine(limits.memory_bytes)
    captured = confine.Captured()
    captured.take()
    frames.write_all(answers, frames.head_and_meta({"ready": True}, 0))
    requests = frames.blocking_fill(0)
    while True:
        try:
            asked, data = frames.read_frame(requests, limits.memory_bytes)
        except EOFError:
            return
        confine.allow(limits.timeout_s)
        said = answer(data, frozenset(asked["wants"]), rule_of(asked["input"]), limits)
        said.meta["warnings"] = captured.take()
        confine.rest()
        head = frames.head_and_meta(said.meta, len(said.tensor))
        frames.write_all(answers, head, said.tensor, said.pixels)
        del said, data  # pixels are many: do not keep them while waiting


@dataclass(frozen=True)
class Answer:
    """A frame, and after it the pixels, whose number the parent computes."""

    meta: dict[str, Any]
    tensor: memoryview = _NOTHING
    pixels: memoryview = _NOTHING


def rule_of(asked: dict[str, Any]) -> InputRule:
    """Return the input rule that the parent asks for, as JSON brought it."""
    return InputRule(**asked)


def answer(data: bytearray, wants: frozenset[str], rule: InputRule, limits: Limits) -> Answer:
    """Return the description and the tensor of one image, or of its error and nothing."""
    try:
        return _prepared(bytes(data), wants, rule, limits)
    except DepthqError as error:
        return Answer({"error": error.code, "message": error.message})
    except MemoryError:
        message = "Preparing the image needs more memory than a decoder is given."
        return Answer({"error": ImageTooLarge.code, "message": message})
    except Exception as error:  # reported to the parent, which raises InternalError
        return Answer({"error": "internal", "message": repr(error)[:500]})


def _prepared(data: bytes, wants: frozenset[str], rule: InputRule, limits: Limits) -> Answer:
    began = time.perf_counter()
    header = read_header(data, limits.extra_formats)
    check_limits(header, limits.max_pixels)
    long_side_px = rule.decoded_long_side_px(header.height, header.width, REDUCED_MARGIN)
    picture = decode(data, header, limits.max_pixels, long_side_px)
    decoded = time.perf_counter()
    tensor = prepare(picture.rgb, *rule.net_size(picture.height, picture.width), rule)
    done = time.perf_counter()
    meta: dict[str, Any] = {
        "size": (picture.width, picture.height),
        "damage": picture.damage,
        "prepare_ms": (done - decoded) * 1e3,
    }
    pixels = _NOTHING
    if Need.PIXELS in wants:
        pixels = photograph(picture, data, header, limits).data.cast("B")
    if Need.CAMERA in wants:
        meta["focal_35mm"] = picture.focal_35mm
    meta["decode_ms"] = (decoded - began + time.perf_counter() - done) * 1e3
    return Answer(meta, tensor.data.cast("B"), pixels)


if __name__ == "__main__":
    main()
