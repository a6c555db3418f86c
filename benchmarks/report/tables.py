"""One function per table: results in, Markdown out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from benchmarks.report.budgets import Suites, budgets

LEFT, RIGHT = "---", "---:"
DISTURBED = 0.05  # of the machine


def budgets_table(results: Mapping[str, Any]) -> str:
    """The budgets."""
    rows = budgets(results.get("suites", {}))
    table = _table(
        ("what", "budget", "measured", "met?"),
        [(row.what, row.budget, row.measured, row.verdict) for row in rows],
        left=4,
    )
    return table + _disturbed(results.get("suites", {}))


def _disturbed(suites: Suites) -> str:
    """Return a warning if other programs used these cores: then rates mean little."""
    shares = {name: suite.get("about", {}).get("foreign", 0) for name, suite in suites.items()}
    worst = [f"{name} {share:.0%}" for name, share in shares.items() if share > DISTURBED]
    if not worst:
        return ""
    return f"\n\nDisturbed by other work on the same cores: {', '.join(worst)}. Measure again."


def machine_table(results: Mapping[str, Any]) -> str:
    """What it was measured on."""
    about = results["machine"]
    versions = ", ".join(f"{name} {v}" for name, v in sorted(about["versions"].items()))
    lines = [
        ("processor", f"{about['processor']} (family/model {about['family_model']})"),
        ("cores given", about["cores_given"]),
        ("memory", f"{about['memory_gb']} GB"),
        ("instructions", ", ".join(about["flags"])),
        ("system", f"{about['system']}, Python {about['python']}"),
        ("versions", versions),
    ]
    lines += [(f"suite {name}", _when(suite)) for name, suite in sorted(results["suites"].items())]
    return _table(("", ""), lines, left=2)


def engine_table(results: Mapping[str, Any]) -> str:
    """Images per second of every engine."""
    suite = results["suites"]["engine"]
    cells = {
        (r["engine"], r["precision"], r["width"], r["height"], r["batch"]): r for r in suite["rows"]
    }
    columns = sorted({key[2:] for key in cells}, key=lambda c: (c[0] * c[1], c[2]))
    heads = [f"{width}x{height}, batch {batch}" for width, height, batch in columns]
    rows = []
    for way in dict.fromkeys(key[:2] for key in cells):
        found = [cells.get((*way, *column)) for column in columns]
        best = max((r for r in found if r), key=lambda r: r["gflops"])
        roof = f"{best['of_roof']:.0%}" if best["of_roof"] else "–"
        cells_text = [f"{r['images_per_s']:.1f}" if r else "–" for r in found]
        rows.append((*way, *cells_text, f"{best['gflops']:.0f}", roof))
    table = _table(("engine", "precision", *heads, "best GFLOP/s", "of the roof"), rows, left=2)
    return f"{table}\n\n{_roof_lines(suite)}"


def _roof_lines(suite: Mapping[str, Any]) -> str:
    lines = [
        f"- roof, {precision}: {roof['gflops']:.0f} GFLOP/s by {roof['by']} ("
        + ", ".join(f"{name} {value:.0f}" for name, value in roof["reached"].items())
        + ")"
        for precision, roof in suite["roof"].items()
    ]
    lines += [f"- not run: {what}: {why}" for what, why in suite["absent"].items()]
    return "\n".join(lines)


def stages_table(results: Mapping[str, Any]) -> str:
    """Milliseconds per stage and size."""
    suite = results["suites"]["stages"]
    timed = [row for row in suite["rows"] if row["stage"] != "bytes"]
    sizes = list(dict.fromkeys(row["size"] for row in timed))
    rows = []
    for stage in dict.fromkeys(row["stage"] for row in timed):
        found = {row["size"]: row["p50_ms"] for row in timed if row["stage"] == stage}
        rows.append((stage, *(f"{found[size]:.2f}" for size in sizes)))
    return _table(("stage, p50 in ms", *sizes), rows, left=1) + f"\n\n{_bytes_lines(suite)}"


def _bytes_lines(suite: Mapping[str, Any]) -> str:
    lines = []
    for row in (row for row in suite["rows"] if row["stage"] == "bytes"):
        told = [f"{k} {v / 1e3:.0f}" for k, v in row.items() if k not in ("size", "stage")]
        lines.append(f"- {row['size']}, kB: {', '.join(told)}")
    return "\n".join(lines)


def outputs_table(results: Mapping[str, Any]) -> str:
    """CPU time per megapixel and peak memory of every output."""
    suite = results["suites"]["outputs"]
    cells = {(row["output"], row["size"]): row for row in suite["rows"]}
    sizes = list(dict.fromkeys(row["size"] for row in suite["rows"]))
    heads = ("output", *(f"{size}, ms" for size in sizes), "ms per MP", *sizes, "file, kB")
    rows = []
    for name in dict.fromkeys(row["output"] for row in suite["rows"]):
        found = [cells[name, size] for size in sizes]
        rows.append(
            (name, *map(_cpu_ms, found), _per_megapixel(found), *map(_peak, found), _kb(found))
        )
    about = results["machine"]
    where = (
        f"One core of {about['processor']}; CPU time of rendering alone, and memory at its peak "
        "beyond the picture, the depth and what is loaded once."
    )
    return f"{where}\n\n{_table(heads, rows, left=1)}"


def _cpu_ms(row: Mapping[str, Any]) -> str:
    return f"{row['cpu_ms']:.0f}" if "cpu_ms" in row else row.get("refused", "failed")


def _peak(row: Mapping[str, Any]) -> str:
    return f"{row['peak_bytes'] / 1e6:.0f} MB" if "peak_bytes" in row else "–"


def _kb(found: Sequence[Mapping[str, Any]]) -> str:
    return f"{found[0]['bytes'] / 1e3:.0f}" if "bytes" in found[0] else "–"


def _per_megapixel(found: Sequence[Mapping[str, Any]]) -> str:
    """From one to twelve megapixels, so that what every file costs once is left out."""
    if any("cpu_ms" not in row for row in found[:2]):
        return "–"
    return f"{max(0.0, found[1]['cpu_ms'] - found[0]['cpu_ms']) / 11:.1f}"


def service_table(results: Mapping[str, Any]) -> str:
    """The service at full load, and the CPU it takes by process."""
    suite = results["suites"]["service"]
    parts = (_ring(suite, "of bare"), _cpu(suite), _requests(suite), _open_loop(suite))
    return "\n\n".join(parts)


def datasets_table(results: Mapping[str, Any]) -> str:
    """Whole datasets, and the CPU they take by process."""
    suite = results["suites"]["datasets"]
    return f"{_ring(suite, 'of bare')}\n\n{_cpu(suite)}"


def peers_table(results: Mapping[str, Any]) -> str:
    """The service among its peers."""
    suite = results["suites"]["peers"]
    titles = {"vga": "640x480, outputs at the network's size", "full_hd": "1080p, original size"}
    return "\n\n".join(
        f"**{title}**\n\n{_ring(suite[key], 'of the plain way')}" for key, title in titles.items()
    )


def _p50_p95(latencies: Mapping[str, float] | None) -> str:
    return f"{latencies['p50_ms']:.1f} / {latencies['p95_ms']:.1f}" if latencies else "–"


def idle_table(results: Mapping[str, Any]) -> str:
    """Latency of one job, start and memory."""
    rows = []
    for name, suite in results["suites"]["idle"].items():
        if name == "about":
            continue
        polled, preferred = suite["submit_and_poll"], suite["prefer_wait"]
        memory = suite["memory"]["worker"]
        rows.append((
            name, f"{suite['bare_ms']:.1f}",
            f"{polled['p50_ms']:.1f} / {polled['p95_ms']:.1f}",
            f"{preferred['p50_ms']:.1f} / {preferred['p95_ms']:.1f}",
            _p50_p95(suite.get("at_once")),
            f"{suite['ready_s']['worker']:.1f}", f"{memory['rss'] / 1e6:.0f}",
            f"{memory['tree_pss'] / 1e6:.0f}", f"{suite['memory']['api']['rss'] / 1e6:.0f}",
        ))  # fmt: skip
    heads = ("store", "bare engine, ms", "submit and poll, p50 / p95 ms",
             "`Prefer: wait`, p50 / p95 ms", "at once, p50 / p95 ms", "worker ready, s",
             "worker RSS, MB", "with children, MB", "api RSS, MB")  # fmt: skip
    return _table(heads, rows, left=1)


def lanes_table(results: Mapping[str, Any]) -> str:
    """Interactive latency beside bulk jobs and beside real datasets."""
    suite = results["suites"]["lanes"]
    kinds = {"bulk jobs": suite, "datasets": suite.get("dataset")}
    return "\n\n".join(_beside(kind, measured) for kind, measured in kinds.items() if measured)


def _beside(kind: str, measured: Mapping[str, Any]) -> str:
    names = {"idle": "idle", "busy": f"{kind} saturate", "idle_again": "idle, other turns"}
    rows = [
        (title, f"{measured[key]['p50_ms']:.0f}", f"{measured[key]['p95_ms']:.0f}")
        for key, title in names.items()
    ]
    table = _table((f"interactive lane, {kind}", "p50 ms", "p95 ms"), rows, left=1)
    beside, alone = measured["bulk_images_per_s"], measured.get("bulk_alone_images_per_s")
    more = "" if alone is None else f", {alone:.0f} alone"
    return f"{table}\n\nThe bulk lane did {beside:.0f} images/s beside it{more}."


def _ring(suite: Suites, ratio: str) -> str:
    rows = [
        (
            name, f"{r['images_per_s']:.1f}", f"{r['ratio']:.2f}", _ms(r["p50_ms"]),
            _ms(r["p95_ms"]), _ms(r["p99_ms"]), f"{_total_cpu(r):.1f}",
        )
        for name, r in suite["rows"].items()
    ]  # fmt: skip
    heads = ("", "images/s", ratio, "p50 ms", "p95 ms", "p99 ms", "CPU ms/image")
    absent = [f"- not run: {what}: {why}" for what, why in suite["absent"].items()]
    return "\n\n".join([_table(heads, rows, left=1), *(["\n".join(absent)] if absent else [])])


def _cpu(suite: Suites) -> str:
    rows = [
        (name, ", ".join(f"{who} {ms:.1f}" for who, ms in _by_cost(r["cpu_ms"]) if ms >= 0.05))
        for name, r in suite["rows"].items()
    ]
    return _table(("CPU ms per image, by process", ""), rows, left=2)


def _requests(suite: Suites) -> str:
    row = suite["rows"]["service, S3"]
    return (
        f"Per job over S3 {row['requests_per_image']:.1f} HTTP requests and "
        f"{row['redis_round_trips']:.1f} reads of its sockets by Redis, in batches of "
        f"{row['stage_ms'].get('batch_size', 0):.1f}."
    )


def _open_loop(suite: Suites) -> str:
    rows = [
        (
            f"{row['share']:.0%}", f"{row['arrivals_per_s']:.1f}", f"{row['p50_ms']:.0f}",
            f"{row['p95_ms']:.0f}", f"{row['p99_ms']:.0f}",
            f"{row['stage_ms'].get('batch_size', 0):.1f}",
        )
        for row in suite["open_loop"]
    ]  # fmt: skip
    heads = ("random arrivals, share of saturation", "per s", "p50 ms", "p95 ms", "p99 ms",
             "mean batch")  # fmt: skip
    return _table(heads, rows, left=1)


def _by_cost(costs: Mapping[str, float]) -> Iterable[tuple[str, float]]:
    return sorted(costs.items(), key=lambda item: -item[1])


def _total_cpu(row: Mapping[str, Any]) -> float:
    return sum(ms for who, ms in row["cpu_ms"].items() if who != "others")


def _ms(value: float | None) -> str:
    return "–" if value is None or value != value else f"{value:.0f}"


def _when(suite: Mapping[str, Any]) -> str:
    about = suite.get("about")
    if not about:
        return str(suite.get("failed", "?"))
    foreign = f", {about['foreign']:.0%} of the machine taken by others" if about["foreign"] else ""
    quick = ", --quick" if about["quick"] else ""
    return (
        f"{about['measured_at']}, commit {about['commit']}, {about['took_s']:.0f} s{quick}{foreign}"
    )


def _table(heads: Sequence[str], rows: Iterable[Sequence[object]], *, left: int) -> str:
    marks = [LEFT if number < left else RIGHT for number in range(len(heads))]
    lines = [heads, marks, *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines)
