"""How to divide the given cores: `python -m worker.advice [--json]` prints it.

Measured (docs/decisions/0053-batches-and-streams.md): two batches side by side with a thread each
cost less CPU than one batch on two threads, which synchronise at every layer.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from contract.settings import Settings
from contract.startup import settings_or_exit
from worker.machine import cores_given

IMAGES_PER_STREAM = 4  # task threads that keep one stream's batches from being small
CORES_PER_PROCESS = 8  # beyond this, one process's Python code is slower than its engine


@dataclass(frozen=True)
class Advice:
    """`threads` compute in all, as `streams` batches side by side; `processes` per lane."""

    cores: int
    threads: int
    streams: int
    processes: int

    def __str__(self) -> str:
        more = f"; run {self.processes} worker processes per lane" if self.processes > 1 else ""
        at_once = "1 batch" if self.streams == 1 else f"{self.streams} batches"
        return f"{at_once} at a time, {self.threads} threads, {self.cores} cores{more}"


def advise(settings: Settings, cores: int | None = None) -> Advice:
    """Return what a worker under `settings` does with `cores` (default: those of this process).

    Settings take precedence; what they leave open follows from the cores.
    """
    cores = cores or cores_given()
    processes = -(-cores // CORES_PER_PROCESS)
    threads = settings.infer_threads or cores
    fed = max(1, settings.concurrency // IMAGES_PER_STREAM)
    streams = min(settings.infer_streams or fed, threads)
    return Advice(cores, threads, streams, processes)


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the advice for this machine and these settings."""
    parser = argparse.ArgumentParser(prog="worker.advice", description=__doc__)
    parser.add_argument("--json", action="store_true", help="for scripts")
    advice = advise(settings_or_exit("advice"))
    asked = parser.parse_args(arguments)
    sys.stdout.write((json.dumps(asdict(advice)) if asked.json else str(advice)) + "\n")


if __name__ == "__main__":
    main()
