"""`python -m benchmarks.sleepy_worker SECONDS …`: a worker whose engine only sleeps, that long."""

from __future__ import annotations

import functools
import sys

from worker import __main__ as program
from worker.engines import factory
from worker.engines.simulated import SimulatedEngine


def set_image_time(image_s: float) -> None:
    """Have every simulated engine of this process sleep `image_s` per image, and no longer."""
    sleeping = functools.partial(SimulatedEngine, batch_s=0.0, image_s=image_s)
    factory._ENGINES["simulated"] = lambda _settings: sleeping


if __name__ == "__main__":
    set_image_time(float(sys.argv[1]))
    sys.exit(program.main(sys.argv[2:]))
