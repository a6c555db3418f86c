"""The Celery application and its settings; docs/decisions/ has the measurements behind them."""

from __future__ import annotations

import math
import os
import socket
import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

import kombu
from celery import Celery
from celery.exceptions import SecurityWarning
from celery.signals import worker_ready, worker_shutting_down

from contract.ids import kind_of
from contract.kinds.registry import KINDS
from contract.models.declaration import DEFAULT_MODEL
from contract.names.queues import (
    APP_NAME,
    TASK_RUN_JOB,
    TASK_RUN_SHARD,
    Lane,
    queue_name,
    queue_of,
)
from contract.settings import Settings
from storage.broker.settings import broker_settings
from worker.compute.pace import Pace

CeleryApp: TypeAlias = Celery  # for those who may not import Celery
# Shards of a model at once: a killed worker loses two at most, and while one finishes the other
# keeps the engine busy. Each has many items in flight.
SHARDS = 2
# Plans, summaries and dry runs at once, in addition to the shards, so that none waits for a shard.
# One caller has all but one of them at most (worker.runs.shares), so that another's do not wait.
OTHER_STEPS = 3
# Where a lane takes its messages itself (worker.process.takers), Celery consumes none. It still
# ends the process on signals and gives back what dead workers had not acknowledged.
NO_QUEUE = "depthq.none"


class PromptConnection(kombu.Connection):  # type: ignore[misc]
    """Reconnects every second while Redis is unavailable; kombu's pauses grow to half a minute."""

    def _ensure_connection(self, *args: Any, **options: Any) -> Any:
        pauses = {"interval_start": 1, "interval_step": 0, "interval_max": 1}
        return super()._ensure_connection(*args, **{**pauses, **options})


def make_celery(settings: Settings, paces: Mapping[str, Pace] | None = None) -> Celery:
    """Return the configured application; connects to nothing. `paces`: of the models held.

    Raises RuntimeError with kombu below 5.7: its threads pool acknowledges a second late.
    """
    if kombu.VERSION[:2] < (5, 7):
        raise RuntimeError(f"kombu {kombu.__version__} acknowledges late; install kombu >= 5.7")
    app = Celery(APP_NAME, set_as_current=False)
    app.amqp.Connection = PromptConnection
    app.conf.update(
        # the ledger has the result; messages are acknowledged after their work is durable
        task_ignore_result=True,
        task_acks_late=True,
        task_reject_on_worker_lost=False,
        task_serializer="json",
        accept_content=["json"],
        task_default_queue=queue_name(Lane.INTERACTIVE),
        worker_pool="threads",
        worker_concurrency=settings.concurrency,
        worker_prefetch_multiplier=1,
        # when off, a saturated worker does not notice that Redis is back
        worker_enable_remote_control=True,
        worker_send_task_events=False,
        worker_hijack_root_logger=False,
        worker_redirect_stdouts=False,
        **broker_settings(
            settings,
            socket_timeout_s=5,
            unacked_restore_interval=5,
            unacked_restore_throttle=1,
            **_limits(settings, paces or {}),
        ),
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        task_publish_retry_policy={"max_retries": 1, "interval_start": 0.1, "interval_max": 0.5},
    )
    return app


def _limits(settings: Settings, paces: Mapping[str, Pace]) -> dict[str, Any]:
    """Return what the transport must know of the models: how much of each to take at once.

    A message counts as lost only after its model can have ended it. Shards of every kind count.
    """
    slow = {model: pace.slots for model, pace in paces.items() if pace.slots is not None}
    jobs = {queue_name(Lane.INTERACTIVE, m): (TASK_RUN_JOB, slots) for m, slots in slow.items()}
    shards = {
        queue_of(TASK_RUN_SHARD, Lane.BULK, model, kind): (TASK_RUN_SHARD, SHARDS)
        for model in paces or (DEFAULT_MODEL,)
        for kind in KINDS
    }
    longest_s = max((pace.infer_timeout_s for pace in paces.values()), default=0.0)
    return {
        "queue_limits": jobs | shards,
        "visibility_timeout": max(settings.visibility_timeout_s, math.ceil(1.2 * longest_s)),
    }


def consume(
    app: Celery,
    lane: Lane,
    queues: Sequence[str],
    shards: int,
    log_level: str,
    *,
    on_ready: Callable[[], None] = lambda: None,
    on_stop: Callable[[], None],
) -> None:
    """Consume `queues` of `lane` until SIGTERM; of shards so many at once.

    Then finish what runs, acknowledge it, and return the rest.

    `on_ready` is called when signals are handled and the broker is connected, each time anew;
    `on_stop` as soon as the worker is told to stop, before the last task has ended.
    """
    worker_ready.connect(lambda **_: on_ready(), weak=False)
    worker_shutting_down.connect(lambda **_: on_stop(), weak=False)
    # it warns root about pickle, and accept_content allows only JSON
    warnings.simplefilter("ignore", SecurityWarning)
    app.Worker(
        hostname=f"{lane.value}@{socket.gethostname()}-{os.getpid()}",
        queues=list(queues) or [NO_QUEUE],  # none would be the default one
        concurrency=shards + OTHER_STEPS if lane is Lane.BULK else app.conf.worker_concurrency,
        loglevel=log_level,
        quiet=True,
        without_gossip=True,
        without_mingle=True,
        without_heartbeat=True,
    ).start()


def send(app: Celery, task: str, item_id: str, lane: Lane, model: str = DEFAULT_MODEL) -> None:
    """Put one message on its queue; the id is also the message's, so that it can be found."""
    queue = queue_of(task, lane, model, kind_of(item_id))
    app.send_task(task, args=(item_id,), task_id=item_id, queue=queue)
