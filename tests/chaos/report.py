"""`python -m tests.chaos.report RESULTS`: writes what the runs measured into docs/reliability.md.

Tables stand between markers; nothing between them is typed by hand. RESULTS is the folder that
CHAOS_RESULTS named; a `soak.json` in it fills the soak's part.
"""

from __future__ import annotations

import json
import os
import platform
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.chaos.scenarios import SCENARIOS

PAGE = Path(__file__).parents[2] / "docs" / "reliability.md"
HEAD = (
    "| fault | row | injected | accepted | lost | duplicated | wrong | repeated | p50 s | max s |\n"
    "|---|---|---:|---:|---:|---:|---:|---:|---:|---:|"
)
SUMS = ("injected", "accepted", "lost", "duplicated", "wrong", "repeated")


def main(folder: Path, page: Path = PAGE) -> None:
    """Fill the parts of `page` for which `folder` has results; leave the others as they are."""
    text = page.read_text()
    results = [
        json.loads(path.read_text())
        for each in SCENARIOS
        if (path := folder / f"{each.run.__name__}.json").exists()
    ]
    if results:
        text = replaced(text, "faults", fault_table(results, len(SCENARIOS)))
    soak = folder / "soak.json"
    if soak.exists():
        text = replaced(text, "soak", soak_text(json.loads(soak.read_text())))
    page.write_text(text)


def replaced(text: str, name: str, content: str) -> str:
    """Return `text` with what stands between the markers of `name` replaced."""
    begin, end = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
    before, _, rest = text.partition(begin)
    _, found, after = rest.partition(end)
    if not found:
        raise ValueError(f"no markers for {name}")
    return f"{before}{begin}\n{content}\n{end}{after}"


def fault_table(results: list[dict[str, Any]], known: int) -> str:
    """Return the table of faults and a line on where it was measured."""
    rows = [fault_row(each) for each in results]
    totals = {name: sum(each[name] for each in results) for name in SUMS}
    cells = " | ".join(f"**{totals[name]}**" for name in SUMS)
    rows.append(f"| **all** | | {cells} | | |")
    return "\n".join(
        [
            f"{machine()} The latest results of {len(results)} of {known} faults.",
            "",
            HEAD,
            *rows,
        ]
    )


def fault_row(numbers: dict[str, Any]) -> str:
    """Return one line of the table."""
    rows = ", ".join(map(str, numbers["rows"]))
    counts = " | ".join(str(numbers[name]) for name in SUMS)
    p50, longest = (seconds(numbers[f"recovery_{name}_s"]) for name in ("p50", "max"))
    return f"| {numbers['fault']} | {rows} | {counts} | {p50} | {longest} |"


def seconds(value: float | None) -> str:
    """Return a time for a table."""
    return "–" if value is None else f"{value:.1f}"


def machine() -> str:
    """Say where and when."""
    day = datetime.now(UTC).date().isoformat()
    return f"Measured on {day}: {os.cpu_count()} cores, {platform.system()} {platform.machine()}."


def soak_text(report: dict[str, Any]) -> str:
    """Return the soak's numbers."""
    lines = [
        f"{machine()} {report['minutes']:g} minutes at {report['rate_per_s']:g} images a second.",
        "",
        "| faults | accepted | lost | duplicated | wrong | repeated | longest request |",
        "|---:|---:|---:|---:|---:|---:|---:|",
        "| {injected} | {accepted} | {lost} | {duplicated} | {wrong} | {repeated} |".format(
            **report
        )
        + f" {report['longest_request_s']:.1f} s |",
        "",
        "| process | lives | watched | RSS first → last | slope | descriptors first → last |",
        "|---|---:|---:|---:|---:|---:|",
        *(process_row(each) for each in report["processes"]),
        "",
        "Of each process: the second half of its longest life.",
        "",
        "Faults: " + ", ".join(f"{n} × {name}" for name, n in report["faults"].items()) + ".",
    ]
    return "\n".join(lines)


def process_row(each: dict[str, Any]) -> str:
    """Return one process' line, on the second half of its longest life."""
    return (
        f"| {each['name']} | {each['lives']} | {each['watched_s']:.0f} s "
        f"| {each['rss_first_mib']:.0f} → {each['rss_last_mib']:.0f} MiB "
        f"| {round(each['rss_slope_kib_per_min']):+d} KiB/min "
        f"| {each['fds_first']} → {each['fds_last']} |"
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
