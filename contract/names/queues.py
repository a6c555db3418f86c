"""Names of lanes, Celery queues and tasks.

Task names are explicit strings, so that renaming a function never orphans a message.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from contract.models.declaration import DEFAULT_MODEL


class Lane(StrEnum):
    """A class of service with a Celery queue and worker processes of its own."""

    INTERACTIVE = "interactive"
    BULK = "bulk"


# Celery
APP_NAME = "depthq"


TASK_RUN_JOB = "depthq.run_job"


TASK_PLAN_DATASET = "depthq.plan_dataset"


TASK_RUN_SHARD = "depthq.run_shard"


TASK_FINALIZE_DATASET = "depthq.finalize_dataset"


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


# Steps of datasets other than shards; each worker reserves threads for them.
STEPS_QUEUE = "depthq.bulk.steps"


_STEPS = (TASK_PLAN_DATASET, TASK_FINALIZE_DATASET, TASK_FORECAST_DATASET)


def queue_of(task: str, lane: Lane, model: str = DEFAULT_MODEL) -> str:
    """Return the queue into which a message of `task` is put."""
    return of_model(STEPS_QUEUE, model) if task in _STEPS else queue_name(lane, model)


def queues_of(lane: Lane, models: Iterable[str] = (DEFAULT_MODEL,)) -> tuple[str, ...]:
    """Return all queues that a worker of `lane` consumes when it holds `models`."""
    tasks = (TASK_RUN_SHARD, TASK_PLAN_DATASET) if lane is Lane.BULK else (TASK_RUN_JOB,)
    return tuple(queue_of(task, lane, model) for model in models for task in tasks)


STEP_PLAN = "plan"  # steps of a dataset that workers lease; every other step is a shard's number


STEP_FINALIZE = "finalize"
