"""Calls side by side through a real Redis; slow receivers wait until the test lets them go."""

from __future__ import annotations

import threading
import time
from collections import Counter
from urllib.parse import urlsplit

import pytest
from redis import Redis

from contract.names.redis_keys import WEBHOOK_TRIES_KEY
from outbound.http import Answer
from storage.jobs.store import JobStore
from storage.ledger.webhooks import WebhookQueue
from tests.integration.worker.test_webhooks import KEY, ended_job
from tests.services.memory_store import MemoryStore
from tests.waits import PATIENT_S
from worker.upkeep import webhook_lines, webhooks
from worker.upkeep.webhooks import Webhooks


class Receivers:
    """Hosts that begin with `drip` answer when `enough` is set, the others at once."""

    def __init__(self) -> None:
        self.enough = threading.Event()
        self.changed = threading.Condition()
        self.inside: Counter[str] = Counter()
        self.most: Counter[str] = Counter()  # at once
        self.told: list[str] = []

    def post(self, url, body, headers) -> Answer:
        host = str(urlsplit(url).hostname)
        with self.changed:
            self.inside[host] += 1
            self.most[host] = max(self.most[host], self.inside[host])
            self.changed.notify_all()
        if host.startswith("drip"):
            self.enough.wait(PATIENT_S)
        with self.changed:
            self.inside[host] -= 1
            self.told.append(host)
            self.changed.notify_all()
        return Answer(200, {}, b"")

    def until(self, condition) -> bool:
        with self.changed:
            return self.changed.wait_for(condition, PATIENT_S / 2)


class Scene:
    """Webhooks of a service, and who waits to be told."""

    def __init__(self, redis: Redis) -> None:
        self.redis, self.jobs, self.queue = redis, JobStore(redis), WebhookQueue(redis)
        self.receivers = Receivers()
        store = MemoryStore()
        self.webhooks = Webhooks(self.jobs, self.queue, self.receivers, KEY, store)
        self.lines: list[threading.Thread] = []

    def owe(self, host: str, owner: str | None) -> str:
        return ended_job(self.jobs, self.queue, owner=owner, url=f"https://{host}/hook")

    def tick(self) -> None:
        self.lines += self.webhooks.run()

    def end(self) -> None:
        self.receivers.enough.set()
        for line in self.lines:
            line.join(PATIENT_S)
        self.lines = []

    def make_due(self) -> None:
        self.queue.postpone(dict.fromkeys(self.queue.due(time.time() + 1e9), 0.0))


@pytest.fixture
def scene(redis):
    scene = Scene(redis)
    yield scene
    scene.end()


def test_a_receiver_that_drips_delays_no_call_of_another_key_or_receiver(scene):
    # Given three calls to a receiver that drips, due before all others
    for _ in range(3):
        scene.owe("drip.example", "a")
    scene.owe("good.example", "a")
    scene.owe("good.example", "b")
    scene.owe("drip.example", "b")  # slow for b too, but not behind a's three
    # When the calls are made
    scene.tick()
    # Then the good ones are told while the slow ones are under way, one of each key
    assert scene.receivers.until(lambda: scene.receivers.told == ["good.example"] * 2)
    assert scene.receivers.until(lambda: scene.receivers.inside["drip.example"] == 2)
    scene.tick()  # a call in progress is not made twice
    scene.end()
    assert Counter(scene.receivers.told) == {"drip.example": 4, "good.example": 2}
    assert scene.receivers.most["drip.example"] == 2
    assert scene.queue.due(time.time() + 1e9) == []


def test_one_key_gets_a_part_of_the_lines(scene, monkeypatch):
    monkeypatch.setattr(webhook_lines, "AT_ONCE", 4)
    monkeypatch.setattr(webhook_lines, "PER_KEY", 3)
    for number in range(6):
        scene.owe(f"drip{number}.example", "a")
    scene.owe("good.example", "b")
    scene.tick()
    assert scene.receivers.until(lambda: scene.receivers.told == ["good.example"])
    assert scene.receivers.until(lambda: scene.receivers.inside.total() == 3)
    # and the rest comes when there is room
    scene.end()
    scene.make_due()
    scene.tick()
    scene.end()
    assert Counter(scene.receivers.told) == Counter(
        ["good.example", *(f"drip{number}.example" for number in range(6))]
    )


def test_one_host_is_called_by_few_lines_at_once(scene):
    keys = webhook_lines.PER_HOST + 2
    for number in range(keys):
        scene.owe("drip.example", f"key {number}")
    scene.owe("good.example", "another")
    scene.tick()
    assert scene.receivers.until(lambda: scene.receivers.told == ["good.example"])
    assert scene.receivers.until(
        lambda: scene.receivers.inside["drip.example"] == webhook_lines.PER_HOST
    )
    scene.end()
    scene.make_due()
    scene.tick()
    scene.end()
    assert scene.receivers.told.count("drip.example") == keys
    assert scene.receivers.most["drip.example"] == webhook_lines.PER_HOST


def test_without_keys_receivers_do_not_wait_for_each_other_either(scene):
    scene.owe("drip.example", None)
    scene.owe("good.example", None)
    scene.tick()
    assert scene.receivers.until(lambda: scene.receivers.told == ["good.example"])


def test_a_crowd_that_must_wait_does_not_hide_who_comes_behind(scene, monkeypatch):
    # Given more calls of one key than are looked at in one tick, all to a receiver that drips
    monkeypatch.setattr(webhooks, "WINDOW", 5)
    monkeypatch.setattr(webhooks, "LINE_LENGTH", 2)
    crowd = [scene.owe("drip.example", "a") for _ in range(12)]
    scene.owe("good.example", "b")
    # When there are some ticks
    for _ in range(6):
        scene.tick()
    # Then the one behind them is told, none of the crowd is lost, and waiting counts as no failure
    crowds, *others = scene.lines
    for line in others:
        line.join(PATIENT_S)
    assert crowds.is_alive()
    assert scene.receivers.told == ["good.example"]
    assert set(scene.queue.due(time.time() + 1e9)) == set(crowd)
    assert scene.redis.hlen(WEBHOOK_TRIES_KEY) == 0


def test_a_call_that_was_made_meanwhile_is_not_owed_again_by_waiting(scene):
    item_id = scene.owe("good.example", "a")
    assert scene.queue.done(item_id, scene.queue.due_at(item_id))
    scene.queue.postpone({item_id: time.time()})
    assert scene.queue.due(time.time() + 1e9) == []


def test_a_call_that_cannot_be_made_stops_none_behind_it(scene, monkeypatch, caplog):
    first, second = (scene.owe("good.example", "a") for _ in range(2))
    post = scene.webhooks._post

    def fail_once(call):
        return 1 / 0 if call.item_id == first else post(call)

    with monkeypatch.context() as patch:
        patch.setattr(scene.webhooks, "_post", fail_once)
        scene.tick()
        scene.end()
    assert "webhook not called" in caplog.text
    assert scene.queue.due(time.time() + 1e9) == [first] != [second]
    scene.tick()  # the line is free again
    scene.end()
    assert scene.receivers.told == ["good.example"] * 2
