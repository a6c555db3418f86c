"""The program of schemathesis in a process that has loaded it already.

Loading it takes two seconds, and `warm` three more where no folder keeps what it finds. A server
does that once and divides itself for every run.
"""

from __future__ import annotations

import multiprocessing
import os
import sys
from collections.abc import Sequence
from pathlib import Path

# What the program imports only when it needs it, and `warm`, which imports a schema's parts.
LOADED = [
    "schemathesis.cli",
    "schemathesis.cli.commands.run.executor",
    "schemathesis.engine.core",
    "schemathesis.engine.run.stateful._executor",
    "schemathesis.engine.run.unit._hypothesis_executor",
    "schemathesis.specs.openapi.coverage._operation",
    "rich.live",
    "rich.progress",
    "tests.integration.api.schema.warm",
]


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
    # else all variables are read twice for each request
    os.environ["NO_PROXY"] = os.environ["no_proxy"] = "127.0.0.1"
    with said.open("wb") as file:
        for stream in (1, 2):
            os.dup2(file.fileno(), stream)
    sys.argv = ["schemathesis", *arguments]
    from schemathesis.cli import schemathesis

    schemathesis()
