"""Reads the CPU clocks and the memory of running processes and their children (Linux)."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")
DECODER = "worker.imaging.child"


def cpu_s(roots: Mapping[str, int]) -> dict[str, float]:
    """Return CPU seconds by name of the given pids with all their descendants.

    Decoding children count apart, as `decoders`, wherever they hang; so do those that have ended.
    """
    used: dict[str, float] = {}
    for name, root in roots.items():
        for pid in tree(root):
            own, reaped = _clock(pid)
            whose = "decoders" if DECODER in _command(pid) else name
            used[whose] = used.get(whose, 0.0) + own
            if reaped:
                ended = "decoders" if name == "worker" else name
                used[ended] = used.get(ended, 0.0) + reaped
    return used


def resident_bytes(root: int) -> dict[str, int]:
    """Return resident and proportional memory of the process `root` and of its whole tree."""
    own = _memory(root)
    whole = [_memory(pid) for pid in tree(root)]
    return {
        "rss": own["Rss"],
        "pss": own["Pss"],
        "tree_rss": sum(m["Rss"] for m in whole),
        "tree_pss": sum(m["Pss"] for m in whole),
    }


def tree(root: int) -> list[int]:
    """Return `root` and the pids of all its descendants."""
    children: dict[int, list[int]] = {}
    for pid, parent in _parents():
        children.setdefault(parent, []).append(pid)
    found, queue = [], [root]
    while queue:
        pid = queue.pop()
        found.append(pid)
        queue += children.get(pid, [])
    return found


def _parents() -> Iterator[tuple[int, int]]:
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            fields = _stat(int(folder.name))
            if fields:
                yield int(folder.name), int(fields[1])


def _clock(pid: int) -> tuple[float, float]:
    """Return the seconds that `pid` has used, and those of children it has waited for."""
    fields = _stat(pid)
    if not fields:
        return 0.0, 0.0
    own, system, reaped, reaped_system = (int(field) for field in fields[11:15])
    return (own + system) / TICKS, (reaped + reaped_system) / TICKS


def _stat(pid: int) -> list[str]:
    """Return the fields of /proc/PID/stat from the state on; empty if the process is gone."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return []
    return text.rpartition(")")[2].split()


def _command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")
    except OSError:
        return ""


def _memory(pid: int) -> dict[str, int]:
    found = {"Rss": 0, "Pss": 0}
    try:
        text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except OSError:
        return found
    for line in text.splitlines():
        name = line.partition(":")[0]
        if name in found:
            found[name] = int(line.split()[1]) * 1024
    return found


def alive(pid: int) -> bool:
    """Tell whether `pid` exists and has not ended (one that waits to be reaped has)."""
    return _stat(pid)[:1] not in ([], ["Z"])


def signal_tree(root: int, *, stop: bool) -> None:
    """Freeze or thaw `root` and all its descendants."""
    for pid in tree(root):
        _send(pid, signal.SIGSTOP if stop else signal.SIGCONT)


def end_tree(root: int, patience_s: float = 5.0) -> None:
    """End `root` and its descendants: politely, then by force. Reaping `root` is the parent's."""
    pids = tree(root)
    for pid in pids:
        _send(pid, signal.SIGTERM)
    ends = time.monotonic() + patience_s
    while any(alive(pid) for pid in pids) and time.monotonic() < ends:
        time.sleep(0.05)
    for pid in pids:
        if alive(pid):
            _send(pid, signal.SIGKILL)


def _send(pid: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):  # it has ended by itself
        os.kill(pid, number)
