"""Describes a worker process for the registry: its lane, its models, its load."""

from __future__ import annotations

import os
import socket

from storage.fleet.workers import HeldInfo, WorkerInfo
from worker.attempts.metrics import tally
from worker.compute.held_model import HeldModel
from worker.process.parts import Parts


def describe(
    parts: Parts,
    started_at: float,
    *,
    ready: bool,
    draining: bool,
    immediate: bool,
    lacks: tuple[str, ...],
) -> WorkerInfo:
    """Return the present state. `immediate`: it takes requests for depth at once.

    `lacks`: the kinds of long work that it cannot run.
    """
    held = tuple(_held(model) for model in parts.models.values())
    first = held[0]
    return WorkerInfo(
        name=parts.name,
        lane=parts.lane,
        pid=os.getpid(),
        host=socket.gethostname(),
        started_at=started_at,
        ready=ready,
        draining=draining,
        # of the first, for the version before, which knows one model a worker
        engine=first.engine,
        precision=first.precision,
        model=first.name,
        weights_id=first.weights_id,
        images_per_s=first.images_per_s,
        models=held,
        busy=parts.throughput.busy(),
        slots=parts.settings.concurrency,
        immediate=immediate,
        lacks=lacks,
        tally=tally(),
    )


def _held(model: HeldModel) -> HeldInfo:
    about = model.about
    return HeldInfo(
        name=about.model,
        weights_id=about.weights_id,
        engine=about.engine,
        precision=about.precision,
        images_per_s=round(model.throughput.images_per_s(), 3),
        declared_images_per_s=round(1 / model.spec.cost.image_s, 3),
        memory_bytes=model.memory_bytes,
    )
