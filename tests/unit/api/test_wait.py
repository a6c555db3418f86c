from __future__ import annotations

import threading
from types import SimpleNamespace

import pytest
from flask import Flask

from api.waiting.changes import Watch
from api.waiting.polling import Polling
from api.waiting.wait import Subject, wait
from api.waiting.wait_budget import WaitBudget
from contract.errors import NotFound

HUB = SimpleNamespace(stopping=False)


class Counting:
    """A subject that is read as 1, 2, 3, … until it is deleted."""

    def __init__(self, deleted_at=1_000):
        self.reads, self.deleted_at = 0, deleted_at
        self.subject = Subject("id", "toy", self.look, Polling(HUB, 0.001))

    def look(self):
        self.reads += 1
        return self.reads if self.reads < self.deleted_at else None


@pytest.fixture(autouse=True)
def within_a_request():
    with Flask(__name__).test_request_context("/"):
        yield


@pytest.fixture
def parts():
    return SimpleNamespace(waits=WaitBudget(1))


def test_a_subject_is_read_until_it_is_done(parts):
    counting = Counting()
    assert wait(parts, counting.subject, 0, lambda seen: seen == 3, 60) == 3
    assert counting.reads == 3
    assert parts.waits.taken == 0


def test_what_is_done_already_is_not_read(parts):
    counting = Counting()
    assert wait(parts, counting.subject, 7, lambda seen: True, 60) == 7
    assert wait(parts, counting.subject, 7, lambda seen: False, 0) == 7
    assert counting.reads == 0


def test_without_a_free_slot_what_was_seen_is_returned(parts):
    counting = Counting()
    with parts.waits.slot("another"):
        assert wait(parts, counting.subject, 7, lambda seen: False, 60) == 7
    assert counting.reads == 0


def test_a_subject_that_is_deleted_meanwhile_is_not_found(parts):
    with pytest.raises(NotFound, match="The toy was deleted meanwhile"):
        wait(parts, Counting(deleted_at=3).subject, 0, lambda seen: False, 60)


def test_a_subscription_from_before_spares_the_first_read(parts):
    counting, watch = Counting(), Watch()
    hub = SimpleNamespace(stopping=False, subscribed=True)
    subject = Subject("id", "toy", counting.look, hub)
    threading.Timer(0.01, watch.wake).start()
    assert wait(parts, subject, 0, lambda seen: seen == 1, 60, watch) == 1
    assert counting.reads == 1


def test_what_is_told_of_a_change_spares_the_read(parts):
    counting, watch = Counting(), Watch()
    hub = SimpleNamespace(stopping=False, subscribed=True)
    subject = Subject("id", "toy", counting.look, hub, lambda seen, said: seen + len(said))
    watch.wake("said")
    assert wait(parts, subject, 3, lambda seen: seen == 7, 60, watch) == 7
    assert counting.reads == 0


def test_what_tells_too_little_is_read(parts):
    counting, watch = Counting(), Watch()
    hub = SimpleNamespace(stopping=False, subscribed=True)
    subject = Subject("id", "toy", counting.look, hub, lambda *_: None)
    watch.wake("said")
    assert wait(parts, subject, 0, lambda seen: seen == 1, 60, watch) == 1
    assert counting.reads == 1


def test_a_process_that_shuts_down_answers_with_the_present_state(parts, monkeypatch):
    monkeypatch.setattr(HUB, "stopping", True)
    assert wait(parts, Counting().subject, 0, lambda seen: False, 60) == 1
