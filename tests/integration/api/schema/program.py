"""The program of schemathesis in a process that has loaded it already.

Loading it takes two seconds. A server does that once and divides itself for every run.
"""

from __future__ import annotations

import multiprocessing
import os
import sys
from collections.abc import Sequence
from pathlib import Path

LOADED = ["schemathesis.cli", "schemathesis.cli.commands.run.executor", "schemathesis.engine.core"]


def run_schemathesis(arguments: Sequence[str], folder: Path, timeout_s: float) -> tuple[int, str]:
    """Run it in `folder`; return its exit code and what it said. Raises TimeoutError."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(LOADED)
    said = folder / "schemathesis.txt"
    process = context.Process(target=_main, args=(list(arguments), said))
    process.start()
    process.join(timeout_s)
    if process.exitcode is None:
        process.kill()
        process.join()
        raise TimeoutError(said.read_text(errors="replace")[-2000:])
    return process.exitcode, said.read_text(errors="replace")


def _main(arguments: list[str], said: Path) -> None:
    os.chdir(said.parent)
    with said.open("wb") as file:
        for stream in (1, 2):
            os.dup2(file.fileno(), stream)
    sys.argv = ["schemathesis", *arguments]
    from schemathesis.cli import schemathesis

    schemathesis()
