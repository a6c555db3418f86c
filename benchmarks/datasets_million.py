"""A million simulated items: what coordinating them costs in memory, time and CPU.

`python -m benchmarks.datasets_million [--items N] [--workers N] [--out FILE]`. Real Redis, real
worker processes, real shard and result files on disk; the items have no bytes, no pixels, no
outputs, and take no time, so that all that is left is coordination.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks import machine
from benchmarks.context import Context
from benchmarks.dataset_runs import DatasetRun
from benchmarks.stack import Stack
from contract.names.queues import Lane
from contract.runs import RunRecord
from storage.ledger.connection import open_redis

OUT = Path(__file__).parent / "results" / "datasets_million.json"
MIB = 1024 * 1024


def run(context: Context, items: int = 1_000_000, workers: int = 2) -> dict[str, Any]:
    """Measure; a quick run has a hundredth of the items."""
    items = items // 100 if context.quick else items
    with Stack(
        context.scratch,
        s3=False,
        lanes=(Lane.BULK,),
        workers=workers,
        engine="simulated",
        simulation=True,
        simulated_item_ms=0,
        decode_processes=1,
    ) as stack:
        return _measure(context, stack, items)


def _measure(context: Context, stack: Stack, items: int) -> dict[str, Any]:
    with open_redis(stack.settings) as redis:
        idle_bytes = redis.info("memory")["used_memory"]
        commands_before = redis.info("stats")["total_commands_processed"]
        cpu_before, began = stack.cpu_s(), time.monotonic()
        dataset = DatasetRun(stack, items)
        memory: list[int] = []
        status_ms: list[float] = []
        planned_s: list[float] = []

        def look(record: RunRecord) -> None:
            memory.append(redis.info("memory")["used_memory"] - idle_bytes)
            started = time.perf_counter()
            dataset.ledger.get_with_progress(dataset.id)
            status_ms.append((time.perf_counter() - started) * 1e3)
            if record.planned and not planned_s:
                planned_s.append(time.monotonic() - began)
                context.say(f"planned {record.counts.total} items in {planned_s[0]:.1f} s")

        record = dataset.wait(look)
        took_s = time.monotonic() - began
        commands = redis.info("stats")["total_commands_processed"] - commands_before
    cpu = {role: used - cpu_before.get(role, 0.0) for role, used in stack.cpu_s().items()}
    summary = dataset.files.summary(dataset.id)
    workers = {role: _peak(pid) for role, pid in stack.pids().items() if "worker" in role}
    return {
        "items": items,
        "counts": record.counts.model_dump(),
        "summary_agrees": summary is not None and summary.counts == record.counts,
        "shards": record.shards_total,
        "took_s": round(took_s, 1),
        "planned_s": round(planned_s[0], 1) if planned_s else None,
        "items_per_s": round(items / took_s, 1),
        "redis_bytes_peak": max(memory),
        "redis_mib_peak": round(max(memory) / MIB, 2),
        "redis_commands_per_item": round(commands / items, 5),
        "worker_peak_rss_mib": {role: round(peak / MIB) for role, peak in workers.items()},
        "status_ms_p50": round(statistics.median(status_ms), 2),
        "status_ms_p95": round(sorted(status_ms)[int(0.95 * len(status_ms))], 2),
        "cpu_s": {role: round(used, 1) for role, used in cpu.items()},
        "cpu_us_per_item": round(sum(cpu.values()) / items * 1e6, 1),
        "budgets": {"redis_mib": 64, "planner_rss_mib": 300, "status_ms_p95": 50},
    }


def _peak(pid: int) -> int:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    return 0


def main() -> None:
    """Run from the command line and write JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--items", type=int, default=1_000_000)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--out", type=Path, default=OUT)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="depthq-bench-") as scratch:
        context = Context(False, Path(scratch), print)
        measured = run(context, arguments.items, arguments.workers)
    measured["machine"] = machine.describe()
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    arguments.out.write_text(json.dumps(measured, indent=1, sort_keys=True) + "\n")
    print(json.dumps({k: v for k, v in measured.items() if k != "machine"}, indent=1))


if __name__ == "__main__":
    main()
