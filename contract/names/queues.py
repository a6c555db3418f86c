"""Names of lanes, Celery queues and tasks.

Task names are explicit strings, so that renaming a function never orphans a message.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from contract.ids import DATASET
from contract.kinds.registry import KINDS
from contract.models.declaration import DEFAULT_MODEL


class Lane(StrEnum):
    """A class of service with a Celery queue and worker processes of its own."""

    INTERACTIVE = "interactive"
    BULK = "bulk"


# Celery
APP_NAME = "depthq"


TASK_RUN_JOB = "depthq.run_job"


TASK_PLAN_RUN = "depthq.plan_dataset"


TASK_RUN_SHARD = "depthq.run_shard"


TASK_FINALIZE_RUN = "depthq.finalize_dataset"


TASK_FORECAST_DATASET = "depthq.forecast_dataset"


def of_model(name: str, model: str) -> str:
    """Return `name` as it is for the default model, and as its own for every other one.

    The version before knows the default model only: it never sees what belongs to another.
    """
    return name if model == DEFAULT_MODEL else f"{name}:{model}"


def queue_name(lane: Lane, model: str = DEFAULT_MODEL) -> str:
    """Return the Celery queue (a Redis list of the same name) of `lane` for `model`."""
    return of_model(f"depthq.{lane.value}", model)


def immediate_queue(model: str = DEFAULT_MODEL) -> str:
    """Return the list of asks (contract/immediate.py) for `model`: beside Celery's queues, so that
    a worker of an earlier version never gets one.
    """
    return of_model("depthq.immediate", model)


# Steps other than shards have queues of their own: each worker reserves threads for them.
_STEPS = (TASK_PLAN_RUN, TASK_FINALIZE_RUN, TASK_FORECAST_DATASET)


def queue_of(task: str, lane: Lane, model: str = DEFAULT_MODEL, kind: str = DATASET) -> str:
    """Return the queue into which a message of `task` is put; `kind`: of a run's steps.

    A worker that does not know the kind consumes none of its queues.
    """
    name = f"depthq.{lane.value}" if kind == DATASET else f"depthq.{lane.value}.{kind}"
    return of_model(f"{name}.steps" if task in _STEPS else name, model)


def queues_of(
    lane: Lane, models: Iterable[str] = (DEFAULT_MODEL,), kinds: Iterable[str] = KINDS
) -> tuple[str, ...]:
    """Return all queues that a worker of `lane` consumes: it holds `models` and runs `kinds`."""
    if lane is not Lane.BULK:
        return tuple(queue_name(lane, model) for model in models)
    tasks, kinds = (TASK_RUN_SHARD, TASK_PLAN_RUN), tuple(kinds)
    return tuple(
        queue_of(t, lane, model, kind) for model in models for kind in kinds for t in tasks
    )


STEP_PLAN = "plan"  # steps of a run that workers lease; every other step is a shard's number


STEP_FINALIZE = "finalize"
