"""Suite `coordination`: sixteen workers whose engine only sleeps, against one, on single jobs."""

from __future__ import annotations

import time
from typing import Any

from benchmarks import photographs
from benchmarks.context import Context
from benchmarks.lanes import BulkLoad
from benchmarks.stack import Stack
from contract.names.queues import Lane

MANY = 16
IMAGE_S = 0.25  # 16 workers then do 64 images/s, which two cores can decode and render
SLOTS = 4


def run(context: Context) -> dict[str, Any]:
    """Return the rates of one and of many workers on one queue, and their ratio."""
    images = [p.read_bytes() for p in photographs.files(context.scratch / "images", 4, 640, 480)]
    seconds = 6.0 if context.quick else 12.0
    many = 4 if context.quick else MANY
    rates = {}
    for workers in (1, many):
        rates[workers] = _rate(context, images, workers, seconds)
        context.say(f"coordination: {workers} workers, {rates[workers]:.2f} images/s")
    return {
        "rates": {str(workers): rate for workers, rate in rates.items()},
        "workers": many,
        "ratio": rates[many] / rates[1],
    }


def _rate(context: Context, images: list[bytes], workers: int, seconds: float) -> float:
    with Stack(
        context.scratch / f"workers-{workers}", s3=False, lanes=(Lane.BULK,), workers=workers,
        worker_module=["benchmarks.sleepy_worker", str(IMAGE_S)],
        engine="simulated", simulation=True, max_batch=1, concurrency=SLOTS, decode_processes=1,
    ) as stack, BulkLoad(stack, images, ahead=2 * SLOTS * workers) as load:  # fmt: skip
        time.sleep(3.0)
        began, done = time.perf_counter(), load.done()
        time.sleep(seconds)
        return (load.done() - done) / (time.perf_counter() - began)
