"""The arguments of every suite: how thorough to be, where to write, where to report."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Context:
    """One run of the benchmarks. `scratch` is an empty folder that is removed afterwards.

    `memory` is another, in a file system without a disk; None where there is none.
    """

    quick: bool
    scratch: Path
    say: Callable[[str], None]
    memory: Path | None = None
