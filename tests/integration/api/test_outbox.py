"""Messages that are filled in are those that Celery would have sent."""

from __future__ import annotations

import json

from celery import Celery

from api.dispatch import CeleryDispatch
from contract.models.declaration import DEFAULT_MODEL
from contract.names.queues import TASK_PLAN_RUN, TASK_RUN_JOB, Lane
from contract.settings import Settings
from storage.broker.outbox import Outbox
from storage.broker.settings import broker_settings

JOB = "20261126-abcdefghijklmnopqrstuvwxyz"


def raw(redis, queue):
    return [json.loads(text) for text in redis.lrange(queue, 0, -1)]


def told(message):
    """Return a message without what differs between any two senders."""
    properties = {k: v for k, v in message["properties"].items() if k not in _SENDERS}
    headers = {k: v for k, v in message["headers"].items() if k not in _SENDERS}
    return {**message, "properties": properties, "headers": headers}


_SENDERS = {"delivery_tag", "reply_to", "origin"}


def test_a_filled_in_message_is_the_one_that_celery_sends(redis, redis_url):
    settings = Settings(redis_url=redis_url)
    CeleryDispatch(settings, Outbox(redis)).enqueue(JOB, Lane.INTERACTIVE, DEFAULT_MODEL)
    celery = Celery("depthq", set_as_current=False)
    celery.conf.update(task_serializer="json", **broker_settings(settings, socket_timeout_s=3))
    celery.send_task(
        TASK_RUN_JOB, args=[JOB], task_id=JOB, queue="depthq.interactive", ignore_result=True,
        argsrepr=JOB, kwargsrepr="",
    )  # fmt: skip
    celery.close()
    theirs, ours = raw(redis, "depthq.interactive")
    assert told(ours) == told(theirs)
    assert set(ours["properties"]) == set(theirs["properties"])


def test_every_message_has_its_own_tag_and_goes_to_the_queue_of_its_task(redis, redis_url):
    dispatch = CeleryDispatch(Settings(redis_url=redis_url), Outbox(redis))
    dispatch.enqueue(JOB, Lane.INTERACTIVE, DEFAULT_MODEL)
    dispatch.enqueue(JOB, Lane.INTERACTIVE, DEFAULT_MODEL)
    dispatch.send_step(TASK_PLAN_RUN, f"{JOB}/plan", DEFAULT_MODEL)
    one, other = raw(redis, "depthq.interactive")
    (step,) = raw(redis, "depthq.bulk.steps")
    assert len({each["properties"]["delivery_tag"] for each in (one, other, step)}) == 3
    assert (one["headers"]["id"], step["headers"]["id"]) == (JOB, f"{JOB}/plan")
