"""Plain SVG bar charts: no library, so that they can be made wherever the benchmarks run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

WIDTH, LABEL, BAR, GAP, TOP = 760, 270, 20, 8, 34
COLORS = ("#3b6ea5", "#d98c3f", "#5b9a68", "#a65a8a", "#8a7f5c", "#6b7785", "#b5b5b5")
Bar = tuple[str, list[tuple[str, float]]]  # label, parts by name


def write_all(results: Mapping[str, Any], folder: Path) -> None:
    """Write the charts that the results suffice for."""
    for name, chart in (("engine", engine_chart), ("cpu", cpu_chart), ("peers", peers_chart)):
        try:
            (folder / f"{name}.svg").write_text(chart(results))
        except KeyError:  # that suite was not run
            continue


def engine_chart(results: Mapping[str, Any]) -> str:
    """Images per second by engine, 256x192, largest batch."""
    rows = [r for r in results["suites"]["engine"]["rows"] if r["height"] == 192]
    largest = max(r["batch"] for r in rows)
    bars: list[Bar] = [
        (f"{r['engine']}, {r['precision']}", [("images/s", r["images_per_s"])])
        for r in rows
        if r["batch"] == largest
    ]
    return bar_chart(f"Images per second, 256x192, batches of {largest}", bars)


def cpu_chart(results: Mapping[str, Any]) -> str:
    """CPU per image by process."""
    rows = results["suites"]["service"]["rows"]
    bars: list[Bar] = [
        (name, [(who, ms) for who, ms in row["cpu_ms"].items() if who != "others"])
        for name, row in rows.items()
    ]
    return bar_chart("CPU milliseconds per image, by process", bars)


def peers_chart(results: Mapping[str, Any]) -> str:
    """Images per second of the service and its peers."""
    rows = results["suites"]["peers"]["vga"]["rows"]
    bars: list[Bar] = [(name, [("images/s", row["images_per_s"])]) for name, row in rows.items()]
    return bar_chart("Images per second, 640x480 JPEG in, depth and heat map out", bars)


def bar_chart(title: str, bars: Sequence[Bar]) -> str:
    """Return horizontal, possibly stacked bars as an SVG document."""
    names = list(dict.fromkeys(name for _, parts in bars for name, _ in parts))
    most = max(sum(value for _, value in parts) for _, parts in bars) or 1.0
    scale = (WIDTH - LABEL - 60) / most
    height = TOP + len(bars) * (BAR + GAP) + 30
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" '
        'font-family="sans-serif" font-size="12">',
        f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>',
        f'<text x="8" y="20" font-size="14" font-weight="bold">{escape(title)}</text>',
    ]
    for number, (label, parts) in enumerate(bars):
        lines += _bar(TOP + number * (BAR + GAP), label, parts, names, scale)
    if len(names) > 1:
        lines += _legend(names, height - 12)
    return "\n".join([*lines, "</svg>", ""])


def _bar(
    y: int, label: str, parts: Sequence[tuple[str, float]], names: Sequence[str], scale: float
) -> list[str]:
    lines = [f'<text x="{LABEL - 8}" y="{y + 14}" text-anchor="end">{escape(label)}</text>']
    x = float(LABEL)
    for name, value in parts:
        color = COLORS[names.index(name) % len(COLORS)]
        width = value * scale
        lines.append(f'<rect x="{x:.1f}" y="{y}" width="{width:.1f}" height="{BAR}" fill="{color}">'
                     f"<title>{escape(name)} {value:.1f}</title></rect>")  # fmt: skip
        x += width
    total = sum(value for _, value in parts)
    return [*lines, f'<text x="{x + 5:.1f}" y="{y + 14}">{total:.1f}</text>']


def _legend(names: Sequence[str], y: int) -> list[str]:
    lines, x = [], 8
    for number, name in enumerate(names):
        color = COLORS[number % len(COLORS)]
        lines.append(f'<rect x="{x}" y="{y - 9}" width="10" height="10" fill="{color}"/>')
        lines.append(f'<text x="{x + 14}" y="{y}">{escape(name)}</text>')
        x += 34 + 7 * len(name)
    return lines
