"""Draws `scaling.svg` from the results of benchmarks.scaling: measured speed-up beside the ideal.

`python -m benchmarks.scaling_plot`. Plain SVG, so that nothing has to be installed to draw it.
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
RESULTS, OUT = HERE / "results" / "scaling.json", HERE / "scaling.svg"
WIDTH, HEIGHT, MARGIN = 640, 420, 60
STYLE = "font-family='sans-serif' font-size='13'"


def draw(measured: dict[str, Any]) -> str:
    """Return the picture; both axes are logarithmic."""
    points = [(p["workers"], p["speedup"]) for p in measured["points"]]
    most = max(workers for workers, _ in points)

    def place(workers: float, speedup: float) -> tuple[float, float]:
        across, up = (math.log2(value) / math.log2(most) for value in (workers, speedup))
        return (
            MARGIN + across * (WIDTH - 2 * MARGIN),
            HEIGHT - MARGIN - up * (HEIGHT - 2 * MARGIN),
        )

    parts = [_ticks(place, [workers for workers, _ in points])]
    parts.append(_line([place(1, 1), place(most, most)], "#999", "6 4"))
    parts.append(_line([place(*point) for point in points], "#c03a2b"))
    parts += [_dot(*place(*point), f"{point[1]:.1f}x") for point in points]
    title = f"Throughput of a dataset by workers ({measured['item_ms']:g} ms per item, simulated)"
    parts.append(f"<text x='{MARGIN}' y='30' {STYLE} font-weight='bold'>{title}</text>")
    parts.append(
        f"<text x='{WIDTH / 2:.0f}' y='{HEIGHT - 12}' {STYLE} text-anchor='middle'>workers "
        "(dashed: ideal)</text>"
    )
    box = f"viewBox='0 0 {WIDTH} {HEIGHT}' width='{WIDTH}' height='{HEIGHT}'"
    white = "<rect width='100%' height='100%' fill='white'/>"
    return f"<svg xmlns='http://www.w3.org/2000/svg' {box}>{white}{''.join(parts)}</svg>\n"


def _ticks(place: Any, values: list[int]) -> str:
    lines = []
    for value in values:
        across, _ = place(value, 1)
        _, up = place(1, value)
        grid = "stroke='#eee'"
        lines += [
            f"<path d='M{across:.1f} {MARGIN}V{HEIGHT - MARGIN}' {grid}/>",
            f"<path d='M{MARGIN} {up:.1f}H{WIDTH - MARGIN}' {grid}/>",
            f"<text x='{across:.1f}' y='{HEIGHT - MARGIN + 18}' {STYLE} text-anchor='middle'>"
            f"{value}</text>",
            f"<text x='{MARGIN - 8}' y='{up + 4:.1f}' {STYLE} text-anchor='end'>{value}x</text>",
        ]
    return "".join(lines)


def _line(places: list[tuple[float, float]], color: str, dashes: str = "none") -> str:
    path = "L".join(f"{x:.1f} {y:.1f}" for x, y in places)
    return f"<path d='M{path}' fill='none' stroke='{color}' stroke-dasharray='{dashes}'/>"


def _dot(x: float, y: float, label: str) -> str:
    text = f"<text x='{x + 8:.1f}' y='{y + 16:.1f}' {STYLE} fill='#c03a2b'>{label}</text>"
    return f"<circle cx='{x:.1f}' cy='{y:.1f}' r='4' fill='#c03a2b'/>{text}"


def main() -> None:
    """Draw what was measured last."""
    OUT.write_text(draw(json.loads(RESULTS.read_text())))


if __name__ == "__main__":
    main()
