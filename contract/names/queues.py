"""Names of lanes, Celery queues and tasks.

Task names are explicit strings, so that renaming a function never orphans a message.
"""

from __future__ import annotations

from enum import StrEnum


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


# Requests of which nothing is kept (contract/immediate.py): a list of its own, beside Celery's, so
# that a worker of an earlier version never gets one.
IMMEDIATE_QUEUE = "depthq.immediate"


def queue_name(lane: Lane) -> str:
    """Return the Celery queue (a Redis list of the same name) of `lane`."""
    return f"depthq.{lane.value}"


# Steps of datasets other than shards; each worker reserves threads for them.
STEPS_QUEUE = "depthq.bulk.steps"


_STEPS = (TASK_PLAN_DATASET, TASK_FINALIZE_DATASET, TASK_FORECAST_DATASET)


def queue_of(task: str, lane: Lane) -> str:
    """Return the queue into which a message of `task` is put."""
    return STEPS_QUEUE if task in _STEPS else queue_name(lane)


def queues_of(lane: Lane) -> tuple[str, ...]:
    """Return all queues that a worker of `lane` consumes."""
    return (queue_name(lane), STEPS_QUEUE) if lane is Lane.BULK else (queue_name(lane),)


STEP_PLAN = "plan"  # steps of a dataset that workers lease; every other step is a shard's number


STEP_FINALIZE = "finalize"
