"""How throughput grows with workers: 1, 2, 4, 8, 16 processes whose engine only sleeps.

`python -m benchmarks.scaling [--workers 1 2 4 …] [--item-ms 20] [--out FILE]`. Each run has as many
items per worker as the others, on a fresh Redis and store. An item takes `item-ms` of a worker's
one engine and no CPU, so one machine can stand for sixteen, as long as coordination is cheap.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks import machine
from benchmarks.context import Context
from benchmarks.dataset_runs import DatasetRun
from benchmarks.stack import Stack
from contract.names.queues import Lane
from contract.runs import RunRecord

OUT = Path(__file__).parent / "results" / "scaling.json"
WORKERS = (1, 2, 4, 8, 16)
SECONDS = 40.0  # of engine time per worker
SHARD_S = 2.0  # of engine time per shard


def run(
    context: Context, workers: Sequence[int] = WORKERS, item_ms: float = 20.0
) -> dict[str, Any]:
    """Measure the curve; a quick run has its ends only."""
    chosen = (workers[0], workers[-1]) if context.quick else workers
    points = [_point(context, count, item_ms) for count in chosen]
    first = points[0]
    for point in points:
        point["speedup"] = round(point["items_per_s"] / first["items_per_s"], 2)
        point["speedup_steady"] = round(
            point["items_per_s_steady"] / first["items_per_s_steady"], 2
        )
    return {"item_ms": item_ms, "points": points, "budget": {"speedup_16": 14}}


def _point(context: Context, workers: int, item_ms: float) -> dict[str, Any]:
    folder = context.scratch / f"{workers}-workers"
    with Stack(
        folder,
        s3=False,
        lanes=(Lane.BULK,),
        workers=workers,
        engine="simulated",
        simulation=True,
        simulated_item_ms=item_ms,
        decode_processes=1,
        concurrency=4,
    ) as stack:
        time.sleep(3)  # the CPU load of starting them has ended then
        cpu_before, began = stack.cpu_s(), time.monotonic()
        items = int(SECONDS * 1e3 / item_ms) * workers
        dataset = DatasetRun(stack, items, shard_size=int(SHARD_S * 1e3 / item_ms))
        marks: list[tuple[float, int]] = []

        def look(record: RunRecord) -> None:
            marks.append((time.monotonic() - began, record.counts.done + record.in_flight))

        record = dataset.wait(look)
        took_s = time.monotonic() - began
        cpu = {role: used - cpu_before.get(role, 0.0) for role, used in stack.cpu_s().items()}
    point = {
        "workers": workers,
        "items": items,
        "succeeded": record.counts.succeeded,
        "took_s": round(took_s, 2),
        "items_per_s": round(items / took_s, 2),
        "items_per_s_steady": round(_steady(marks), 2),
        "cpu_cores_busy": round(sum(cpu.values()) / took_s, 2),
        "cpu_us_per_item": round(sum(cpu.values()) / items * 1e6),
    }
    context.say(json.dumps(point))
    return point


def _steady(marks: list[tuple[float, int]]) -> float:
    """Return the rate between a tenth and nine tenths of the items."""
    most = marks[-1][1]
    middle = [mark for mark in marks if 0.1 * most <= mark[1] <= 0.9 * most]
    (began, first), (ended, last) = middle[0], middle[-1]
    return (last - first) / max(1e-9, ended - began)


def main() -> None:
    """Run from the command line and write JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workers", type=int, nargs="+", default=list(WORKERS))
    parser.add_argument("--item-ms", type=float, default=20.0)
    parser.add_argument("--out", type=Path, default=OUT)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="depthq-bench-") as scratch:
        context = Context(False, Path(scratch), print)
        measured = run(context, arguments.workers, arguments.item_ms)
    measured["machine"] = machine.describe()
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    arguments.out.write_text(json.dumps(measured, indent=1, sort_keys=True) + "\n")


if __name__ == "__main__":
    main()
