"""`python -m benchmarks [suite …] [--quick] [--out FILE]`: measure, then rewrite the README."""

from __future__ import annotations

import argparse
import importlib
import json
import math
import os
import resource
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Any

from benchmarks import machine
from benchmarks.context import Context

HERE = Path(__file__).parent
MEMORY = Path("/dev/shm")
REST_S = 20.0
LATEST = HERE / "results" / "latest.json"
# In the order of their dependence on a quiet machine: the bare engine first.
SUITES = (
    "engine",
    "stages",
    "outputs",
    "service",
    "peers",
    "idle",
    "lanes",
    "datasets",
    "coordination",
    "datasets_million",
)


def main(argv: list[str] | None = None) -> int:
    """Run what is asked; returns the exit code: 1 if a suite could not be run."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that servers are stopped
    arguments = _parser().parse_args(argv)
    out: Path = arguments.out or (HERE / "results" / "quick.json" if arguments.quick else LATEST)
    suites = list(SUITES) if "all" in arguments.suites else arguments.suites
    results = _read(out)
    failed = False
    if not arguments.report_only:
        for name in suites:
            if not arguments.quick:
                _wait_for_disk()
            failed |= not _run(name, results, quick=arguments.quick)
            results["machine"] = machine.describe()
            out.parent.mkdir(parents=True, exist_ok=True)
            out.write_text(json.dumps(_tidy(results), indent=1) + "\n")
    if out == LATEST or arguments.report_only:
        from benchmarks.report.readme import regenerate

        regenerate(results, HERE)
    _print_budgets(results)
    return 1 if failed else 0


def _run(name: str, results: dict[str, Any], *, quick: bool) -> bool:
    began, busy, own = time.perf_counter(), machine.busy_s(), _own_cpu_s()
    with _empty_folder(None) as scratch, _folder_in_memory() as memory:
        context = Context(quick, scratch, _say, memory)
        _say(f"suite {name}")
        try:
            measured = importlib.import_module(_module(name)).run(context)
        except Exception as exc:  # one suite that cannot run must not cost the others' numbers
            _say(f"suite {name} FAILED: {type(exc).__name__}: {exc}")
            results.setdefault("suites", {})[name] = {"failed": f"{type(exc).__name__}: {exc}"}
            return False
    took_s = time.perf_counter() - began
    foreign_s = machine.busy_s() - busy - (_own_cpu_s() - own)
    shares = list(_foreign_shares(measured)) or [foreign_s / took_s / machine.cores_given()]
    measured["about"] = {
        "quick": quick,
        "took_s": round(took_s, 1),
        "foreign": max(0.0, round(max(shares), 2)),
        "commit": machine.commit(),
        "measured_at": time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime()),
    }
    results.setdefault("suites", {})[name] = measured
    return True


@contextmanager
def _empty_folder(above: Path | None) -> Iterator[Path]:
    """Yield a new folder, which is removed afterwards."""
    with tempfile.TemporaryDirectory(prefix="depthq-bench-", dir=above) as name:
        yield Path(name)


def _folder_in_memory() -> AbstractContextManager[Path | None]:
    return _empty_folder(MEMORY) if MEMORY.is_dir() else nullcontext()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("suites", nargs="*", default="all", choices=[*SUITES, "all"])
    parser.add_argument(
        "--quick", action="store_true", help="a rough look; tables stay as they are"
    )
    parser.add_argument("--out", type=Path, help=f"default: {LATEST.relative_to(HERE.parent)}")
    parser.add_argument("--report-only", action="store_true", help="rewrite the tables from --out")
    return parser


def _read(path: Path) -> dict[str, Any]:
    """Return earlier results, so that one suite can be measured anew without the others."""
    if not path.exists():
        return {}
    results: dict[str, Any] = json.loads(path.read_text())
    return results


def _foreign_shares(measured: Any) -> Iterator[float]:
    """Yield the share of the machine that others took, for every row that was watched meanwhile.

    Better than the difference over the whole suite, which misses what the orphans of a killed
    server have used.
    """
    if not isinstance(measured, dict):
        return
    if "others" in measured.get("cpu_ms", {}):
        yield measured["cpu_ms"]["others"] * measured["images_per_s"] / 1e3 / machine.cores_given()
    for part in measured.values():
        yield from _foreign_shares(part)


def _wait_for_disk() -> None:
    """Wait until the disk is done with the suite before: thousands of written and removed objects
    keep it busy for seconds, which costs an S3 server 9 to 14 ms per image instead of 7.
    """
    os.sync()
    time.sleep(REST_S)


def _tidy(value: Any) -> Any:
    """Return `value` as JSON can hold it: four digits are enough, and NaN is no number."""
    if isinstance(value, float):
        return None if math.isnan(value) else round(value, 4)
    if isinstance(value, dict):
        return {str(key): _tidy(item) for key, item in value.items()}
    return [_tidy(item) for item in value] if isinstance(value, list | tuple) else value


def _module(suite: str) -> str:
    """Return where a suite lives; that of the peers is beside their programs."""
    return "benchmarks.peers.suite" if suite == "peers" else f"benchmarks.{suite}"


def _own_cpu_s() -> float:
    """Return the CPU seconds of this process and of all children that have ended."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(u.ru_utime + u.ru_stime for u in used)


def _say(line: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {line}", file=sys.stderr, flush=True)


def _print_budgets(results: dict[str, Any]) -> None:
    from benchmarks.report.budgets import budgets

    for row in budgets(results.get("suites", {})):
        print(f"{row.verdict:>5}  {row.what}: {row.measured} (budget {row.budget})")


if __name__ == "__main__":
    sys.exit(main())
