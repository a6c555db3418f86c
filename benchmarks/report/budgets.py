"""The budgets that the design sets, each with what was measured and whether it is met."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

Suites = Mapping[str, Any]
SHAPE = {"height": 192, "width": 256}


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    what: str
    budget: str
    measured: str
    met: bool | None  # None: not measured

    @property
    def verdict(self) -> str:
        """For people."""
        return {True: "yes", False: "no", None: "–"}[self.met]


def budgets(suites: Suites) -> list[Row]:
    """Return every budget's row; what was not measured says so."""
    return [_row(*line, suites) for line in _BUDGETS]


def _row(
    what: str, budget: str, judge: Callable[[Suites], tuple[str, bool]], suites: Suites
) -> Row:
    try:
        measured, met = judge(suites)
    except (KeyError, StopIteration, ValueError):
        return Row(what, budget, "not measured", None)
    return Row(what, budget, measured, met)


def _engine(suites: Suites) -> tuple[str, bool]:
    rows = [r for r in suites["engine"]["rows"] if _is(r, **SHAPE)]
    original = max(r["images_per_s"] for r in rows if r["engine"].startswith("original"))
    ours = max(
        (r for r in rows if r["engine"].startswith("openvino")), key=lambda r: r["images_per_s"]
    )
    ratio = ours["images_per_s"] / original
    told = f"{ratio:.1f}x ({ours['images_per_s']:.0f} / {original:.0f} per s, {ours['precision']})"
    return told, ratio >= 5


def _roof(suites: Suites) -> tuple[str, bool]:
    rows = [
        r for r in suites["engine"]["rows"] if r["engine"].startswith("openvino") and r["of_roof"]
    ]
    best = max(rows, key=lambda r: r["images_per_s"])
    told = f"{best['of_roof']:.0%} ({best['gflops']:.0f} GFLOP/s, {best['precision']})"
    return told, bool(best["of_roof"] >= 0.8)


def _service(suites: Suites) -> tuple[str, bool]:
    return _of_bare(suites, "service", "service, S3", 0.60)


def _of_bare(suites: Suites, suite: str, name: str, wanted: float) -> tuple[str, bool]:
    rows = suites[suite]["rows"]
    engines = [row for each, row in rows.items() if each.startswith("bare")]
    ratio, bare = _to_the_best(rows[name], engines), max(row["images_per_s"] for row in engines)
    told = f"{ratio:.2f} ({rows[name]['images_per_s']:.0f} of {bare:.0f} images/s)"
    return told, ratio >= wanted


def _to_the_best(ours: Mapping[str, Any], others: Sequence[Mapping[str, Any]]) -> float:
    """Return our rate to the best other's, round by round; the median.

    Rounds minutes apart differ by more than contenders: rates of different rounds say little.
    """
    best = [max(rates) for rates in zip(*(row["rounds"] for row in others), strict=True)]
    return float(median(a / b for a, b in zip(ours["rounds"], best, strict=True)))


def _webdataset(suites: Suites) -> tuple[str, bool]:
    return _of_bare(suites, "datasets", "dataset, webdataset", 0.80)


def _files(suites: Suites) -> tuple[str, bool]:
    return _of_bare(suites, "datasets", "dataset, files", 0.65)


def _plain(suites: Suites) -> tuple[str, bool]:
    return _times(suites["peers"]["vga"]["rows"]["service, S3"], 4)


def _full_hd(suites: Suites) -> tuple[str, bool]:
    return _times(suites["peers"]["full_hd"]["rows"]["service, S3"], 3)


def _times(row: Mapping[str, Any], wanted: float) -> tuple[str, bool]:
    told = f"{row['ratio']:.1f}x ({row['images_per_s']:.1f} images/s)"
    return told, bool(row["ratio"] >= wanted)


def _idle(suites: Suites) -> tuple[str, bool]:
    idle = suites["idle"]["s3"]
    p50, bound = idle["submit_and_poll"]["p50_ms"], 3 * idle["bare_ms"] + 60
    return f"{p50:.0f} ms (budget {bound:.0f} ms, bare {idle['bare_ms']:.1f} ms)", p50 <= bound


def _at_once(suites: Suites) -> tuple[str, bool]:
    rows = suites["service"]["rows"]
    ratio = _to_the_best(rows["service, at once"], [rows["service, S3"]])
    return f"{ratio:.2f}x ({rows['service, at once']['images_per_s']:.0f} images/s)", ratio >= 1.25


def _ahead_at_once(suites: Suites) -> tuple[str, bool]:
    """Against those that keep nothing either, in the same run: the best of them."""
    rows = suites["peers"]["vga"]["rows"]
    ours = rows["service, at once"]
    others = {
        name.partition(",")[0]: row for name, row in rows.items() if name.endswith("keeps nothing")
    }
    ratio = _to_the_best(ours, list(others.values()))
    best = max(others, key=lambda name: others[name]["images_per_s"])
    rates = f"{ours['images_per_s']:.0f} of {others[best]['images_per_s']:.0f} images/s, {best}"
    return f"{ratio:.2f}x ({rates}); {len(others)} of 3 answered", ratio > 1


def _idle_at_once(suites: Suites) -> tuple[str, bool]:
    idle = suites["idle"]["s3"]
    p50, bound = idle["at_once"]["p50_ms"], idle["bare_ms"] + 12
    return f"{p50:.0f} ms (budget {bound:.0f} ms)", p50 <= bound


def _lanes(suites: Suites) -> tuple[str, bool]:
    return _beside(suites["lanes"])


def _beside_dataset(suites: Suites) -> tuple[str, bool]:
    return _beside(suites["lanes"]["dataset"])


def _beside(lanes: Mapping[str, Any]) -> tuple[str, bool]:
    ratio = lanes["busy"]["p95_ms"] / lanes["idle"]["p95_ms"]
    told = f"{ratio:.2f}x ({lanes['idle']['p95_ms']:.0f} → {lanes['busy']['p95_ms']:.0f} ms)"
    return told, ratio <= 2


def _coordination(suites: Suites) -> tuple[str, bool]:
    suite = suites["coordination"]
    told = f"{suite['ratio']:.1f}x with {suite['workers']}"
    return told, suite["ratio"] >= 14


def _redis(suites: Suites) -> tuple[str, bool]:
    suite = suites["datasets_million"]
    used, items = suite["redis_bytes_peak"], suite["items"]
    if items < 1_000_000:
        raise ValueError("a quick run has fewer items")
    return f"{used / 1e6:.1f} MB (peak, {items:,} items)", used <= 64e6


def _memory(suites: Suites) -> tuple[str, bool]:
    used = suites["idle"]["s3"]["memory"]["worker"]
    told = f"{used['rss'] / 1e6:.0f} MB ({used['tree_pss'] / 1e6:.0f} MB with decoding children)"
    return told, used["rss"] <= 500e6


def _start(suites: Suites) -> tuple[str, bool]:
    seconds = suites["idle"]["s3"]["ready_s"]["worker"]
    return f"{seconds:.1f} s", seconds <= 2


def _is(row: Mapping[str, Any], **values: object) -> bool:
    return all(row[name] == value for name, value in values.items())


_BUDGETS: tuple[tuple[str, str, Callable[[Suites], tuple[str, bool]]], ...] = (
    ("engine, 256x192: default engine / torch eager (the original)", "≥ 5x", _engine),
    ("engine: arithmetic reached / the machine's measured peak in that precision", "≥ 80 %", _roof),
    ("whole service over S3, 640x480 JPEG, depth + jpg heat map / bare engine loop",
     "≥ 0.60", _service),
    ("dataset from and to S3, webdataset, 640x480 / bare engine", "≥ 0.80", _webdataset),
    ("dataset from and to S3, files, 640x480 / bare engine", "≥ 0.65", _files),
    ("whole service / the plain way (Flask, torch eager, one image per request)", "≥ 4x", _plain),
    ("whole service / the plain way, 1080p, outputs at original size", "≥ 3x", _full_hd),
    ("idle latency of one job, submit → result readable, p50", "≤ 3x bare + 60 ms", _idle),
    ("depth at once, keeping nothing / a job over S3, 640x480", "≥ 1.25x", _at_once),
    ("depth at once / the best of LitServe, BentoML and Celery that keep nothing, same engine",
     "> 1x", _ahead_at_once),
    ("idle latency of depth at once, p50", "≤ bare + 12 ms", _idle_at_once),
    ("interactive p95 while bulk saturates the machine / without it", "≤ 2x", _lanes),
    ("interactive p95 beside a real dataset / without it", "≤ 2x", _beside_dataset),
    ("coordination with an engine that sleeps: 16 workers / 1 worker", "≥ 14x", _coordination),
    ("Redis memory for a dataset of 1,000,000 items", "≤ 64 MB", _redis),
    ("worker resident memory, serving", "≤ 500 MB", _memory),
    ("worker start to ready, model already converted", "≤ 2 s", _start),
)  # fmt: skip
