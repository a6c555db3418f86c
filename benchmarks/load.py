"""Runs the load client against a target and records rate, latencies and CPU by process."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from benchmarks.machine import ROOT, busy_s
from benchmarks.timing import percentile

# the outputs that every contender makes: 16-bit depth and jpg heat map, as the network saw it
JOBS_PATH = "/v1/jobs?size=model"


@dataclass(frozen=True)
class Target:
    """What is under load. `style`: `job` (submit, then poll) or `answer` (the reply is it)."""

    name: str
    port: int
    path: str = JOBS_PATH
    style: str = "job"
    prefer: str = "Prefer: wait=20\r\n"  # one request per image, where the service can wait
    body: str = "raw"  # or `form`, or `json` (base64), as each peer's documentation has it


@dataclass(frozen=True)
class Outcome:
    """One measured window. Latencies in ms; CPU in ms per image, by process."""

    images: int
    images_per_s: float
    p50_ms: float
    p95_ms: float
    p99_ms: float
    requests_per_image: float
    cpu_ms: dict[str, float]
    stage_ms: dict[str, float]
    errors: dict[str, int]
    redis_round_trips: float = 0.0  # per image

    def to_json(self) -> dict[str, Any]:
        """Return it as plain values."""
        return asdict(self)


def drive(
    target: Target,
    images: Sequence[Path],
    *,
    measure_s: float,
    warm_s: float = 1.5,
    in_flight: int = 0,
    rate: float = 0.0,
    cpu_s: Callable[[], dict[str, float]] = dict,
) -> Outcome:
    """Load `target`: `in_flight` at a time (closed loop), or `rate` arrivals a second (open loop).

    `cpu_s` reads the CPU clocks of the processes that do the work.
    """
    plan = {
        "port": target.port, "path": target.path, "style": target.style, "body": target.body,
        "prefer": target.prefer if target.style == "job" else "",
        "images": [str(path) for path in images], "measure_s": measure_s, "warm_s": warm_s,
        "in_flight": in_flight, "rate": rate,
    }  # fmt: skip
    with subprocess.Popen(
        [sys.executable, "-m", "benchmarks.load_client"],
        cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as client:  # fmt: skip
        assert client.stdin is not None
        assert client.stdout is not None
        client.stdin.write(json.dumps(plan) + "\n")
        client.stdin.close()
        _expect(client.stdout.readline(), "begin")
        before, machine_before = cpu_s(), busy_s()
        _expect(client.stdout.readline(), "end")
        after, machine_after = cpu_s(), busy_s()
        told = json.loads(client.stdout.readline())
    used = {name: after[name] - before.get(name, 0.0) for name in after}
    used["client"] = told["client_cpu_s"]
    used["others"] = max(0.0, machine_after - machine_before - sum(used.values()))
    return _outcome(told, used)


def _expect(line: str, word: str) -> None:
    if line.strip() != word:
        raise RuntimeError(f"the load client said {line[:200]!r} instead of {word!r}")


def _outcome(told: dict[str, Any], used: dict[str, float]) -> Outcome:
    latencies = told["latencies_ms"]
    done = len(latencies)
    if not done:
        raise RuntimeError(f"no image was finished: {told['errors']}")
    return Outcome(
        images=done,
        images_per_s=done / told["seconds"],
        p50_ms=percentile(latencies, 50),
        p95_ms=percentile(latencies, 95),
        p99_ms=percentile(latencies, 99),
        requests_per_image=told["requests"] / done,
        cpu_ms={name: seconds * 1e3 / done for name, seconds in used.items()},
        stage_ms=told["stage_ms"],
        errors=told["errors"],
    )
