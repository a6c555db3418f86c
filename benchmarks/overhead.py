"""What a job costs beside the arithmetic: `python -m benchmarks.overhead [--profile]`.

The whole service over Valkey and S3 on this machine with an engine that only sleeps, under a closed
loop of photographs. Everything is counted, not timed, so that it can be measured on a busy machine:
CPU milliseconds, thread switches, commands and round trips of Redis, and requests to S3, each per
job and by process.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks import photographs, threads
from benchmarks.load import Target, drive
from benchmarks.machine import ROOT, commit
from benchmarks.stack import Stack

IN_FLIGHT = 16
PROFILE_HZ = 250


def main(argv: list[str] | None = None) -> int:
    """Measure once and print a table; `--json` prints one line instead."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.overhead", description=__doc__)
    parser.add_argument("--seconds", type=float, default=10.0, help="of the measured window")
    parser.add_argument("--in-flight", type=int, default=IN_FLIGHT, help="jobs at a time")
    parser.add_argument("--engine", default="simulated", help="default: simulated, which sleeps")
    parser.add_argument("--picture", default="VGA", choices=[*photographs.SIZES], help="its size")
    parser.add_argument("--original", action="store_true", help="outputs at the picture's size")
    parser.add_argument("--at-once", action="store_true", help="requests of POST /v1/depth instead")
    parser.add_argument("--profile", action="store_true", help="sample stacks (needs py-spy)")
    parser.add_argument("--gil", action="store_true", help="sample only what holds Python's lock")
    parser.add_argument("--threads", action="store_true", help="the worker's switches by thread")
    parser.add_argument("--json", action="store_true", help="print one line of JSON")
    asked = parser.parse_args(argv)
    os.environ["MINIO_PROMETHEUS_AUTH_TYPE"] = "public"  # its own count of requests
    with tempfile.TemporaryDirectory(prefix="depthq-overhead-") as folder:
        measured = measure(Path(folder), asked)
    print(json.dumps(measured) if asked.json else _table(measured))
    return 0


def measure(folder: Path, asked: argparse.Namespace) -> dict[str, Any]:
    """Return the counts per job."""
    images = photographs.files(folder / "images", 8, *photographs.SIZES[asked.picture])
    simulation = asked.engine == "simulated"
    with Stack(
        folder, s3=True, engine=asked.engine, simulation=simulation,
        worker_module=("benchmarks.threads",) if asked.threads else ("worker",),
    ) as stack:  # fmt: skip
        target = _target(stack, asked)
        drive(target, images, measure_s=1.0, in_flight=asked.in_flight)  # warm
        looks: list[dict[str, Counter[str]]] = []

        def look() -> dict[str, float]:
            looks.append(_counts(stack))
            return stack.cpu_s()

        with _profiled(stack, folder, asked) as samples:
            outcome = drive(
                target, images, measure_s=asked.seconds, in_flight=asked.in_flight, cpu_s=look
            )
    first, last = looks
    jobs = outcome.images
    counts = {
        what: {name: (last[what][name] - first[what][name]) / jobs for name in sorted(last[what])}
        for what in last
    }
    return {
        "commit": commit(), "jobs": jobs, "images_per_s": outcome.images_per_s,
        "errors": outcome.errors, "cpu_ms": outcome.cpu_ms, **counts,
        "stages": outcome.stage_ms, "samples": samples,
    }  # fmt: skip


def _target(stack: Stack, asked: argparse.Namespace) -> Target:
    size = "original" if asked.original else "model"
    if asked.at_once:
        path = f"/v1/depth?output=heatmap&size={size}"
        return Target("overhead", stack.port, path, style="answer")
    return Target("overhead", stack.port, f"/v1/jobs?size={size}")


def _counts(stack: Stack) -> dict[str, Counter[str]]:
    with stack.valkey.client() as client:
        commands = client.info("commandstats")
        reads = client.info("stats")["total_reads_processed"]
    calls = {name.removeprefix("cmdstat_"): each["calls"] for name, each in commands.items()}
    return {
        "switches": Counter(
            {role: threads.switches(pid).total() for role, pid in stack.pids().items()}
        ),
        "threads": threads.switches(stack.pids()["worker"]),
        "redis": Counter({"round trips": reads, **calls}),
        "s3": Counter(_s3_requests(stack)),
    }


def _s3_requests(stack: Stack) -> dict[str, int]:
    """Return MinIO's own count of requests by call; nothing from another server."""
    if stack.s3 is None or stack.s3.name != "minio":
        return {}
    url = f"{stack.s3.endpoint_url}/minio/v2/metrics/cluster"
    text = urllib.request.urlopen(url, timeout=10).read().decode()
    lines = (line for line in text.splitlines() if line.startswith("minio_s3_requests_total{"))
    return {_call(line): int(float(line.split()[-1])) for line in lines}


def _call(line: str) -> str:
    return line.partition('api="')[2].partition('"')[0]


@contextmanager
def _profiled(stack: Stack, folder: Path, asked: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """Sample the Python stacks of API and worker during the block; fills the yielded mapping."""
    found: dict[str, Any] = {}
    if not asked.profile:
        yield found
        return
    tool = shutil.which("py-spy", path=f"{Path(sys.executable).parent}:{os.environ['PATH']}")
    if tool is None:
        raise SystemExit("--profile needs py-spy")
    roles = {role: pid for role, pid in stack.pids().items() if role in ("api", "worker")}
    running = {
        role: subprocess.Popen(
            [tool, "record", "-p", str(pid), "-r", str(PROFILE_HZ), "-f", "raw", "--nonblocking",
             *(["--gil"] if asked.gil else []), "-d", str(int(asked.seconds)),
             "-o", str(folder / f"{role}.stacks")],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )
        for role, pid in roles.items()
    }  # fmt: skip
    yield found
    for role, process in running.items():
        process.wait()
        found[role] = _by_function((folder / f"{role}.stacks").read_text())


def _by_function(stacks: str) -> dict[str, dict[str, float]]:
    """Return shares of the samples: by library of the innermost frame, and by our own function."""
    libraries, ours = Counter[str](), Counter[str]()
    for line in stacks.splitlines():
        stack, _, count = line.rpartition(" ")
        frames = stack.split(";")
        libraries[_library(frames[-1])] += int(count)
        own = [frame for frame in frames if str(ROOT) in frame or _is_ours(frame)]
        ours[_short(own[-1]) if own else _short(frames[0])] += int(count)
    total = sum(libraries.values()) or 1
    return {
        name: {each: count / total for each, count in counter.most_common(28)}
        for name, counter in (("libraries", libraries), ("functions", ours))
    }


def _is_ours(frame: str) -> bool:
    return any(f"({room}/" in frame for room in ("api", "worker", "storage", "contract", "runtime"))


def _short(frame: str) -> str:
    return frame.replace(f"{ROOT}/", "").rpartition(":")[0] + ")"


def _library(frame: str) -> str:
    path = frame.partition("(")[2]
    if "site-packages/" in path:
        return path.partition("site-packages/")[2].split("/")[0]
    return "ours" if _is_ours(frame) else path.split("/")[-1].partition(":")[0]


def _table(measured: dict[str, Any]) -> str:
    lines = [
        f"{measured['jobs']} jobs, {measured['images_per_s']:.0f}/s, commit {measured['commit']}, "
        f"errors {measured['errors']}"
    ]
    for title, what in (
        ("CPU ms", "cpu_ms"), ("switches", "switches"), ("S3", "s3"), ("Redis", "redis")
    ):  # fmt: skip
        named = (f"{name} {value:.2f}" for name, value in measured[what].items() if value >= 0.02)
        lines.append(f"{title} per job: " + ", ".join(named))
    lines += ["switches per job, by thread of the worker:", *threads.table(measured["threads"])]
    for role, groups in measured["samples"].items():
        for group, shares in groups.items():
            lines.append(f"{role}, ms by {group}:")
            of = measured["cpu_ms"][role]
            lines += [f"  {share * of:6.2f}  {name}" for name, share in shares.items()]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
