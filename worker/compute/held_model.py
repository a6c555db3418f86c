"""A model that this process runs: its engine, the batcher that feeds it, its measured speed."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from contract.models.declaration import ModelSpec
from runtime.heaps import give_back
from worker.compute.batch_choice import Fitting
from worker.compute.batcher import Batcher
from worker.compute.pace import Pace
from worker.compute.throughput import Throughput
from worker.engines.protocol import Engine, EngineError, EngineInfo
from worker.machine import memory_used

log = logging.getLogger(__name__)


@dataclass
class HeldModel:
    """One model of one process. `load()`, `start()`, hand it to a Computer, `widen()`, `stop()`."""

    spec: ModelSpec
    engine: Engine
    batcher: Batcher
    pace: Pace
    throughput: Throughput = field(default_factory=Throughput)
    fitting: Fitting | None = None  # None: batches are as the settings say
    wide: Engine | None = None  # the same network on all threads, for an image that comes alone
    memory_bytes: int = 0  # by which the process grew when the model was loaded

    def load(self) -> None:
        """Load and warm the engine. Raises EngineError."""
        before = memory_used()
        self.engine.load()
        self.engine.warm_up(self.spec.warm_up)
        give_back()
        self.memory_bytes = max(0, memory_used() - before)
        if self.fitting is not None:
            self.batcher.take_at_most(self.fitting.fit(self.engine.infer))

    def widen(self) -> None:
        """Load `wide`, and have it compute what comes alone, if it computes the same bits.

        A job that is done twice, once alone and once not, must leave the same files. Meanwhile the
        engine computes what comes, and goes on to do so where this fails; the log says why.
        """
        if (wide := self.wide) is None:
            return
        before = memory_used()
        try:
            wide.load()
            same = self._same_bits(wide)
        except EngineError as exc:
            self._never_alone(str(exc))
            return
        give_back()
        self.memory_bytes += max(0, memory_used() - before)
        if same:
            self.batcher.compute_alone_by(wide.infer)
        else:
            self._never_alone("other bits")

    def _same_bits(self, wide: Engine) -> bool:
        height, width = self.spec.warm_up[0]
        noise = np.random.default_rng(0).standard_normal((1, 3, height, width)).astype(np.float32)
        return np.array_equal(wide.infer(noise), self.engine.infer(noise))

    def _never_alone(self, why: str) -> None:
        log.info("one image is not computed by all cores: %s", why, extra={"action": "start"})
        self.wide = None

    def start(self) -> None:
        """Start the threads that feed the engine."""
        self.batcher.start()

    def stop(self) -> None:
        """Finish what was submitted, then end the threads."""
        self.batcher.stop()

    @property
    def about(self) -> EngineInfo:
        """Name, weights and engine; valid after `load`."""
        return self.engine.describe()

    def images_per_s(self) -> float:
        """Return the measured speed, or what the declaration expects before the first image."""
        return self.throughput.images_per_s() or 1 / self.spec.cost.image_s

    def overdue_s(self) -> float:
        """Return for how long the engine has been at a batch beyond what is plausible; else 0."""
        return max(0.0, self.batcher.busy_s() - self.pace.engine_limit_s)


def held_model(
    engine: Engine,
    pace: Pace,
    spec: ModelSpec,
    *,
    max_latency_s: float,
    on_batch: Callable[[int, float], None] = lambda _size, _seconds: None,
    yielding: Callable[[], bool] = lambda: False,
    fitting: Fitting | None = None,
    wide: Engine | None = None,
) -> HeldModel:
    """Return `engine` with a batcher of its own, not yet loaded or started."""
    batcher = Batcher(
        engine.infer,
        engine.max_batch,
        on_batch,
        max_latency_s=max_latency_s,
        streams=engine.streams,
        yielding=yielding,
        niceness=pace.niceness,
    )
    return HeldModel(spec, engine, batcher, pace, fitting=fitting, wide=wide)
