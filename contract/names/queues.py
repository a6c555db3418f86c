"""Names of lanes, Celery queues and tasks.

Task names are explicit strings, so that renaming a function never orphans a message.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from contract.ids import DATASET, kind_of
from contract.kinds.registry import KINDS


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


def queue_name(lane: Lane) -> str:
    """Return the Celery queue (a Redis list of the same name) of `lane`."""
    return f"depthq.{lane.value}"


# Steps other than shards have queues of their own: each worker reserves threads for them.


def shards_queue(kind: str) -> str:
    """Return the queue of a kind's shards. A worker that does not know the kind consumes others."""
    bulk = queue_name(Lane.BULK)
    return bulk if kind == DATASET else f"{bulk}.{kind}"


def steps_queue(kind: str) -> str:
    """Return the queue of a kind's other steps."""
    return f"{shards_queue(kind)}.steps"


_STEPS = (TASK_PLAN_DATASET, TASK_FINALIZE_DATASET, TASK_FORECAST_DATASET)


def queue_of(task: str, lane: Lane, message_id: str) -> str:
    """Return the queue into which a message of `task` is put; its id begins with the run's."""
    if task in _STEPS:
        return steps_queue(kind_of(message_id))
    return shards_queue(kind_of(message_id)) if lane is Lane.BULK else queue_name(lane)


def queues_of(lane: Lane, kinds: Iterable[str] = KINDS) -> tuple[str, ...]:
    """Return all queues of `lane`: what a worker that runs `kinds` consumes."""
    if lane is not Lane.BULK:
        return (queue_name(lane),)
    return tuple(queue for kind in kinds for queue in (shards_queue(kind), steps_queue(kind)))


STEP_PLAN = "plan"  # steps of a run that workers lease; every other step is a shard's number


STEP_FINALIZE = "finalize"
