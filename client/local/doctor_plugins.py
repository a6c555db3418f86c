"""Examines the outputs that other packages have registered: which there are, which are broken."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from importlib.metadata import EntryPoint, entry_points

from client.local.finding import Finding
from contract.outputs.registry import BROKEN, GROUP


def look_at_plugins() -> Iterator[Finding]:
    """Yield a finding per plug-in. None is a problem: the service leaves out what is broken."""
    entries = sorted(entry_points(group=GROUP), key=lambda entry: entry.name)
    if not entries:
        yield Finding("plug-ins", "ok", "none are installed")
    for entry in entries:
        yield _finding(entry)


def _finding(entry: EntryPoint) -> Finding:
    package = f"{entry.dist.name} {entry.dist.version}" if entry.dist else "an unnamed package"
    reason = BROKEN.get(entry.name) or _lack(entry)
    if reason is None:
        return Finding("plug-in", "ok", f"output {entry.name} of {package}")
    said = f"output {entry.name} of {package} is left out: {reason}"
    return Finding("plug-in", "note", said, "mend the package, or uninstall it")


def _lack(entry: EntryPoint) -> str | None:
    """Return what keeps a declaration that loads from being rendered; imports no renderer."""
    renderer = str(entry.load().renderer)
    module = renderer.partition(":")[0]
    try:
        there = importlib.util.find_spec(module) is not None
    except (ImportError, ValueError):
        there = False
    return None if there else f"its renderer {renderer} is not there"
