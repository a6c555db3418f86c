"""`python -m benchmarks.cores`: what machines of many cores would do; rewrites docs/operations.md.

Arithmetic, not a measurement: the CPU milliseconds that one image costs each program, as the suite
`service` last measured them, spread over the cores, and the parts that cannot be spread: Redis has
one thread, and an API or worker process one interpreter. A table for each kind of processor, which
differ in what the engine takes.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

RESULTS = Path(__file__).parent / "results" / "latest.json"
DOCUMENT = Path(__file__).parent.parent / "docs" / "operations.md"
BEGIN, END = "<!-- computed: python -m benchmarks.cores -->", "<!-- end -->"
ROW = "service, S3"
CORES = (2, 4, 8, 16, 32, 64)
FULL = 0.7  # of one thread: beyond, what waits for it waits long
DAY_S = 86_400
GOAL = 10e6  # images a day
ENGINES = {  # CPU ms per image of midas_small at 192x256, batches of 4
    "AVX2, fp32 (measured: 77 ms an image)": 77.0,
    "AVX-512 BF16 (measured: 33 ms)": 33.0,
    "AMX (measured: 15 ms)": 15.2,
}


@dataclass(frozen=True)
class Shares:
    """CPU ms that one image costs: `spread` anywhere, the others in threads of their own kind."""

    engine: float
    worker: float  # beyond the engine: its interpreter
    api: float
    redis: float
    spread: float  # decoding children, the store

    @property
    def total(self) -> float:
        """The CPU ms of one image in all."""
        return self.engine + self.worker + self.api + self.redis + self.spread


@dataclass(frozen=True)
class Machine:
    """A machine, or several that share one Redis, as the rule divides it."""

    cores: int
    images_per_s: float
    workers: int
    apis: int
    redis_busy: float
    limit: str


def main() -> None:
    """Rewrite the tables between their marks."""
    rows = json.loads(RESULTS.read_text(encoding="utf-8"))["suites"]["service"]["rows"]
    text = DOCUMENT.read_text(encoding="utf-8")
    head, rest = text.split(BEGIN)
    tail = rest.split(END, 1)[1]
    DOCUMENT.write_text(f"{head}{BEGIN}\n{tables(rows)}{END}{tail}", encoding="utf-8")


def shares_of(rows: Mapping[str, Mapping[str, Mapping[str, float]]], engine_ms: float) -> Shares:
    """Return the shares as measured, with an engine that takes `engine_ms`."""
    used = rows[ROW]["cpu_ms"]
    beyond = max(0.0, used["worker"] - rows["bare engine"]["cpu_ms"]["engine"])
    named = ("api", "worker", "valkey", "client", "others")
    spread = sum(ms for name, ms in used.items() if name not in named)
    return Shares(engine_ms, beyond, used["api"], used["valkey"], spread)


def machine(shares: Shares, cores: int) -> Machine:
    """Return what `cores` do in a second, and how many processes that needs."""
    by_cores = 1e3 * cores / shares.total
    by_redis = FULL * 1e3 / shares.redis
    rate = min(by_cores, by_redis)
    return Machine(
        cores,
        rate,
        workers=_processes(rate, shares.worker),
        apis=_processes(rate, shares.api),
        redis_busy=rate * shares.redis / 1e3,
        limit="cores" if by_cores <= by_redis else "Redis",
    )


def _processes(rate: float, interpreter_ms: float) -> int:
    return max(1, math.ceil(rate * interpreter_ms / 1e3 / FULL))


def tables(rows: Mapping[str, Mapping[str, Mapping[str, float]]]) -> str:
    """Return a Markdown table for each kind of processor."""
    parts = []
    for kind, engine_ms in ENGINES.items():
        shares = shares_of(rows, engine_ms)
        parts.append(
            f"{kind}; an image costs {shares.total:.0f} ms of CPU: engine {shares.engine:.0f}, "
            f"worker {shares.worker:.1f}, API {shares.api:.1f}, Redis {shares.redis:.2f}, "
            f"decoders and store {shares.spread:.1f}.\n"
        )
        parts.append(
            "| cores | images/s | images a day | worker processes | API processes | Redis busy | "
            "limit | machines for 10 million a day |\n|---|---|---|---|---|---|---|---|"
        )
        parts += [_line(machine(shares, cores)) for cores in CORES]
        parts.append("")
    return "\n".join(parts)


def _line(made: Machine) -> str:
    cells = (
        f"{made.cores}",
        f"{made.images_per_s:,.0f}",
        f"{made.images_per_s * DAY_S / 1e6:.1f} million",
        f"{made.workers}",
        f"{made.apis}",
        f"{made.redis_busy:.0%}",
        made.limit,
        f"{math.ceil(GOAL / DAY_S / made.images_per_s)}",
    )
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    main()
