"""Displays a dataset on a terminal, and in a log."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from rich.console import Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from client import console
from client.bulk.download import Downloaded
from client.dataset import Dataset
from client.plain import visible

LINE_EVERY_S = 10.0  # on what is no terminal


def describe(dataset: Dataset) -> str:
    """Return the dataset in one line for people."""
    counts, document = dataset.counts, dataset.document
    parts = [f"{dataset.id}  {dataset.state.value}: {dataset.ended} of {counts['total']}"]
    if not document["shards"].get("planned", True) and not dataset.terminal:
        parts[0] += " so far"
    if counts["failed"]:
        codes = ", ".join(f"{code} {n}" for code, n in sorted(counts["by_code"].items()))
        parts.append(f"{counts['failed']} failed ({codes})")
    if counts["skipped"]:
        parts.append(f"{counts['skipped']} there already")
    if not dataset.terminal and document.get("images_per_s"):
        parts.append(f"{document['images_per_s']:.1f} images/s")
        parts.append(_eta(document))
    if dataset.error:
        parts.append(dataset.error.message)
    return ", ".join(part for part in parts if part)


def _eta(document: Any) -> str:
    likely, late = document.get("eta_p50_s"), document.get("eta_p90_s")
    if likely is None:
        return ""
    return f"{duration(likely)} to go" + (f" (at most {duration(late)})" if late else "")


def duration(seconds: float) -> str:
    """Return a time for people: `40 s`, `12 min`, `3.4 h`."""
    if seconds < 90:
        return f"{max(1, round(seconds)) if seconds > 0 else 0} s"
    if seconds < 5400:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h"


def size(count: float) -> str:
    """Return bytes for people."""
    for unit in ("B", "kB", "MB", "GB"):
        if count < 1000:
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.1f} TB"


class Board:
    """The live view; on what is no terminal, a line now and then."""

    def __init__(self, live: Live | None, as_json: bool) -> None:
        self._live, self._json = live, as_json
        self._spoke_at = 0.0
        self._last: Dataset | None = None
        self._said = ""

    def progress(self, dataset: Dataset) -> None:
        """Show where the dataset stands."""
        self._last = dataset
        line = describe(dataset)
        if self._json:
            if line != self._said:
                console.say_json(dataset.document)
        elif self._live is not None:
            self._live.update(_panel(dataset), refresh=True)
        elif dataset.terminal or time.monotonic() - self._spoke_at > LINE_EVERY_S:
            console.say(line)
            self._spoke_at = time.monotonic()
        self._said = line

    def downloaded(self, so_far: Downloaded) -> None:
        """Show how many results have come."""
        if self._live is not None and self._last is not None:
            count = so_far.files + so_far.kept
            text = f"downloading: {count} files, {size(so_far.bytes)}"
            self._live.update(Group(_panel(self._last), Text(text)))


@contextmanager
def board(as_json: bool) -> Iterator[Board]:
    """Show the live view on stderr, for the length of the block."""
    if as_json or not console.err.is_terminal:
        yield Board(None, as_json)
        return
    with Live(console=console.err, refresh_per_second=4, transient=True) as live:
        yield Board(live, as_json)


def _panel(dataset: Dataset) -> RenderableType:
    counts, document = dataset.counts, dataset.document
    total = counts["total"]
    grid = Table.grid(padding=(0, 2))
    grid.add_row(Text(dataset.state.value, style="bold"), Text(dataset.id, style="dim"))
    bar = ProgressBar(total=max(1, total), completed=dataset.ended, width=40)
    more = "" if document["shards"].get("planned", True) else "+"
    grid.add_row(Text(f"{dataset.ended} / {total}{more}"), bar)
    rate = document.get("images_per_s") or 0
    shards = document["shards"]
    grid.add_row(Text(f"{rate:.1f} images/s"), Text(_eta(document) or "no estimate yet"))
    grid.add_row(Text("shards"), Text(f"{shards['done']} / {shards['total']}"))
    for code, count in sorted(counts["by_code"].items()):
        grid.add_row(Text(str(count), style="red"), Text(visible(code)))
    return grid
