"""Takes messages of jobs from the Celery queues, several in one round trip.

A message is gone once it is taken: the claim that follows is a lease, and what dies in between is
found by the reconciler like every other job without a message (docs/decisions/0166-groups.md).
"""

from __future__ import annotations

import json
import logging
from collections import deque
from collections.abc import Sequence
from typing import Any

from redis import Redis

from contract.names.queues import TASK_RUN_JOB
from storage.ledger.connection import redis_errors

log = logging.getLogger(__name__)

WAIT_S = 1  # of a take on empty queues


class Inbox:
    """The messages in `queues`, which are Redis lists. Every method raises StorageUnavailable."""

    def __init__(self, redis: Redis, queues: Sequence[str]) -> None:
        self._redis = redis
        self._queues = deque(queues)

    def take(self, most: int) -> list[str]:
        """Return the ids of up to `most` jobs, oldest first; empty after a second without any."""
        with redis_errors():
            for queue in [*self._queues]:
                self._queues.rotate(-1)  # so that no queue starves another
                if texts := self._redis.rpop(queue, most):
                    return _job_ids(queue, texts)
            if found := self._redis.brpop([*self._queues], WAIT_S):
                return _job_ids(found[0], [found[1]])
        return []


def _job_ids(queue: Any, texts: Any) -> list[str]:
    return [job_id for text in texts if (job_id := _job_id(queue, text))]


def _job_id(queue: Any, text: Any) -> str:
    try:
        message: Any = json.loads(text)
        headers, form = message["headers"], message["content-type"]
        task, job_id = headers["task"], headers["id"]
    except (ValueError, LookupError, TypeError):
        form = task = job_id = ""
    if form == "application/json" and task == TASK_RUN_JOB and isinstance(job_id, str):
        return job_id
    about = {"action": "take", "queue": queue}
    log.error("not a message of a job, dropped: %.200s", text, extra=about)
    return ""
