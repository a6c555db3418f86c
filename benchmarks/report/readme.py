"""Writes the generated parts of benchmarks/README.md, between `<!-- x -->` and `<!-- /x -->`."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from benchmarks.report import plots, tables

Section = Callable[[Mapping[str, Any]], str]
SECTIONS: dict[str, Section] = {
    "budgets": tables.budgets_table,
    "machine": tables.machine_table,
    "engine": tables.engine_table,
    "stages": tables.stages_table,
    "outputs": tables.outputs_table,
    "service": tables.service_table,
    "peers": tables.peers_table,
    "idle": tables.idle_table,
    "lanes": tables.lanes_table,
    "datasets": tables.datasets_table,
}


def regenerate(results: Mapping[str, Any], folder: Path) -> None:
    """Rewrite the marked sections of `folder`/README.md, and the plots in `folder`/results."""
    path = folder / "README.md"
    text = path.read_text()
    for name, section in SECTIONS.items():
        text = replace_section(text, name, _written(section, results))
    path.write_text(text)
    plots.write_all(results, folder / "results")


def replace_section(text: str, name: str, content: str) -> str:
    """Return `text` with `content` between the marks of `name`; ValueError without the marks."""
    pattern = re.compile(rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)", re.DOTALL)
    replaced, count = pattern.subn(lambda m: f"{m[1]}{content}\n{m[2]}", text)
    if count != 1:
        raise ValueError(f"README.md has no section {name}")
    return replaced


def _written(section: Section, results: Mapping[str, Any]) -> str:
    try:
        return section(results)
    except KeyError:
        return "Not measured yet."
