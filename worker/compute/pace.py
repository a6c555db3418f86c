"""What follows from a model's cost: batches, threads, and how long is too long."""

from __future__ import annotations

from dataclasses import dataclass

from contract.models.declaration import ModelSpec
from contract.settings import Settings

# A busy or weak machine is so much slower than the declared cost, and nothing is wrong.
PATIENCE = 20.0
LEAST_INFER_TIMEOUT_S = 100.0  # threads have no time limit of their own
LEAST_ENGINE_LIMIT_S = 60.0
SLOW_NICENESS = 5  # where two models share a core, the slow one gets a quarter of it
NICE_SHARE = 0.25
DECLARED_CORES = 2  # to which declared costs refer
SLOW_IMAGE_S = 0.2  # beside others, a model slower than this has half of the cores


@dataclass(frozen=True)
class Pace:
    """Bounds of one model in one process.

    `slots` is how many of its jobs a process takes at once, None: as many as it has threads. Jobs
    of a slow model then leave threads to the others.
    """

    max_batch: int
    threads: int
    streams: int
    slots: int | None
    infer_timeout_s: float
    engine_limit_s: float
    niceness: int  # of the thread that feeds the engine


def pace_of(
    spec: ModelSpec, settings: Settings, *, threads: int, streams: int, alone: bool
) -> Pace:
    """Return the pace of `spec` on `threads` cores; `alone`: the process holds no other model."""
    image_s = spec.cost.image_s
    fitting = int(settings.max_batch_latency_ms / 1e3 / image_s)
    bound = spec.max_batch or settings.max_batch
    max_batch = max(1, min(settings.max_batch, bound, fitting))
    slow = image_s > SLOW_IMAGE_S
    slots = min(settings.concurrency, 2 * max_batch) if slow else settings.concurrency
    threads = max(1, threads // 2) if slow and not alone else threads
    # an engine of one thread computes in the thread that calls it; others have cores left
    nice = slow and not alone and threads == 1
    # what it takes with fewer cores than declared, and with a share of one where others compute
    slowest_s = image_s * max(1.0, DECLARED_CORES / threads) / (NICE_SHARE if nice else 1.0)
    return Pace(
        max_batch=max_batch,
        threads=threads,
        streams=1 if slow else streams,
        slots=slots if slow else None,
        infer_timeout_s=max(LEAST_INFER_TIMEOUT_S, PATIENCE * slots * slowest_s),
        engine_limit_s=max(LEAST_ENGINE_LIMIT_S, PATIENCE * max_batch * slowest_s),
        niceness=SLOW_NICENESS if nice else 0,
    )
