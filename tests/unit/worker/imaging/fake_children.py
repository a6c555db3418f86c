"""Children that misbehave on request: run instead of the real one by the tests of the pool.

The image's bytes say what to do. `python -m tests.unit.worker.imaging.fake_children LIMITS`.
"""

from __future__ import annotations

import math
import os
import signal
import struct
import sys
import time

from worker.confine import confine
from worker.imaging import frames
from worker.imaging.limits import Limits

ZEROS = bytes(4 * 3 * 32 * 256)  # a tensor; numpy would take most of the start


def main() -> None:
    """Follow the orders until the input ends."""
    limits = Limits.from_json(sys.argv[1])
    if limits.max_side_px == 13:
        sys.exit("cannot start")
    frames.write_all(1, frames.head_and_meta({"ready": True}, 0))
    fill = frames.blocking_fill(0)
    while True:
        try:
            _, data = frames.read_frame(fill, 10**9)
        except EOFError:
            return
        confine.allow(limits.timeout_s)
        obey(data.decode())
        confine.rest()


def obey(order: str) -> None:
    """Do what the image asks for."""
    if order == "segfault":
        os.kill(os.getpid(), signal.SIGSEGV)
    if order == "abort":
        print("double free or corruption", file=sys.stderr, flush=True)
        os.abort()
    if order == "exit":
        os._exit(3)
    if order == "sleep":
        time.sleep(60)
    if order == "nonsense":
        frames.write_all(1, b"\xff" * 64)
        return
    if order == "wrong answer":
        frames.write_all(1, frames.head_and_meta({"shape": "x"}, 0))
        return
    if order == "half an answer":
        frames.write_all(1, frames.HEAD.pack(10, 500) + b"{")
        os._exit(0)
    if order.startswith("lie"):
        changes, shape = map(eval, order[4:].split(";"))
        answer(changes, bytes(4 * math.prod(shape)))
        return
    if order == "nested":
        text = b'{"a":' + b"[" * 400_000
        frames.write_all(1, frames.HEAD.pack(len(text), 0) + text)
        return
    if order == "not a number":
        answer({}, struct.pack("<f", math.nan) * (len(ZEROS) // 4))
        return
    answer({})


def answer(changes: dict[str, object], tensor: bytes = ZEROS) -> None:
    """Answer as a good child does; the width is its process id."""
    meta = {
        "size": (os.getpid(), 1),
        "decode_ms": 1.0,
        "prepare_ms": 1.0,
        "warnings": [],
        "damage": [],
        **changes,
    }
    frames.write_all(1, frames.head_and_meta(meta, len(tensor)), tensor)


if __name__ == "__main__":
    main()
