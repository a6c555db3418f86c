"""`python -m benchmarks.sleepy_worker SECONDS …`: a worker whose engine only sleeps, that long."""

from __future__ import annotations

import functools
import sys

from worker import __main__ as program
from worker.engines import factory
from worker.engines.simulated import SimulatedEngine

if __name__ == "__main__":
    sleeping = functools.partial(SimulatedEngine, batch_s=0.0, image_s=float(sys.argv[1]))
    factory._ENGINES["simulated"] = lambda _settings: sleeping
    sys.exit(program.main(sys.argv[2:]))
