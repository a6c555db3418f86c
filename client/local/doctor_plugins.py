"""Examines the outputs, models and kinds of other packages: which there are, which are broken."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator, Mapping
from importlib.metadata import EntryPoint, entry_points

from client.local.finding import Finding
from contract.kinds import registry as kinds
from contract.models import registry as models
from contract.outputs import registry as outputs
from contract.plug_ins import named

# sort of plug-in → its entry point group, what is broken of it, where a declaration names its code
_KINDS: dict[str, tuple[str, Mapping[str, str], str]] = {
    "output": (outputs.GROUP, outputs.BROKEN, "renderer"),
    "model": (models.GROUP, models.BROKEN, "network"),
    "kind": (kinds.GROUP, kinds.BROKEN, "opened_by"),
}


def look_at_plugins() -> Iterator[Finding]:
    """Yield a finding per plug-in. None is a problem: the service leaves out what is broken."""
    found = [
        _finding(kind, entry)
        for kind, (group, _, _) in _KINDS.items()
        for entry in sorted(entry_points(group=group), key=lambda entry: entry.name)
    ]
    if not found:
        yield Finding("plug-ins", "ok", "none are installed")
    yield from found


def _finding(kind: str, entry: EntryPoint) -> Finding:
    _, broken, code = _KINDS[kind]
    package = f"{entry.dist.name} {entry.dist.version}" if entry.dist else "an unnamed package"
    reason = broken.get(named(entry)) or _lack(entry, code)
    if reason is None:
        return Finding("plug-in", "ok", f"{kind} {entry.name} of {package}")
    said = f"{kind} {entry.name} of {package} is left out: {reason}"
    return Finding("plug-in", "note", said, "mend the package, or uninstall it")


def _lack(entry: EntryPoint, code: str) -> str | None:
    """Return what keeps a declaration that loads from being run; imports none of its code."""
    reference = str(getattr(entry.load(), code))
    module = reference.partition(":")[0]
    try:
        there = importlib.util.find_spec(module) is not None
    except (ImportError, ValueError):
        there = False
    return None if there else f"its {code} {reference} is not there"
