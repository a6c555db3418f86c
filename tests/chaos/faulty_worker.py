"""`python -m tests.chaos.faulty_worker`: our worker with traps before each of its stages.

Two images are poison to it: one kills its decoding child, one the worker process itself.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from types import SimpleNamespace

from storage.jobs.store import JobStore
from tests.chaos import traps
from tests.chaos.poison import KILL_WORKER
from worker.__main__ import main
from worker.attempts.patience import Patience
from worker.compute import computer, pace
from worker.engines import simulated
from worker.engines.simulated import SimulatedEngine
from worker.imaging.decoder import Decoder
from worker.jobs import ending, pipeline
from worker.jobs.pipeline import Pipeline


def lay_traps() -> None:
    """Put a trap before each stage, and shorten the watchdog's patience."""
    Pipeline._fetch = traps.before("fetch", Pipeline._fetch)
    Decoder.decode = traps.before("decode", _deadly(Decoder.decode))
    SimulatedEngine.infer = traps.before("infer", SimulatedEngine.infer)
    computer.render = traps.before("render", computer.render)
    pipeline.store_files = traps.before("store", pipeline.store_files)
    ending.store_results = traps.before("result", ending.store_results)
    JobStore.finish_all = traps.before("finish", JobStore.finish_all)
    Decoder.__init__.__kwdefaults__["command"] = (
        *(sys.executable, "-s", "-m", "tests.chaos.poison"),
    )
    # libfaketime breaks time.sleep (EINVAL), and nothing else that is used here
    simulated.time = SimpleNamespace(sleep=lambda seconds: threading.Event().wait(seconds))
    # slow enough that a fault finds jobs at work, fast enough to catch up after it
    SimulatedEngine.__init__.__kwdefaults__["image_s"] = 0.04
    Patience.__init__.__defaults__ = (float(os.environ.get("CHAOS_PATIENCE_S", "60")),)
    pace.LEAST_ENGINE_LIMIT_S = float(os.environ.get("CHAOS_ENGINE_LIMIT_S", "60"))


def _deadly(decode):
    def decode_or_die(self, data, *wants):
        if data.endswith(KILL_WORKER):
            os.kill(os.getpid(), signal.SIGKILL)
        return decode(self, data, *wants)

    return decode_or_die


if __name__ == "__main__":
    lay_traps()
    sys.exit(main())
