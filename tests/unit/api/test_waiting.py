"""The wait budget and the change hub."""

from __future__ import annotations

import queue
import threading
from contextlib import contextmanager

from api.waiting.changes import ChangeHub, Watch
from api.waiting.wait_budget import WaitBudget
from contract.errors import StorageUnavailable
from tests.waits import PATIENT_S


def test_the_budget_is_a_share_of_the_threads():
    assert WaitBudget.for_threads(32).slots == 16
    assert WaitBudget.for_threads(1).slots == 1


def test_the_budget_says_no_at_once_and_recovers():
    budget = WaitBudget(1)
    with budget.slot("a") as first, budget.slot("b") as second:
        assert (first, second) == (True, False)
    with budget.slot("b") as third:
        assert third


def test_one_of_several_keys_leaves_slots_to_the_others():
    budget = WaitBudget.for_threads(8, keys=2)
    assert [budget.try_take("anna") for _ in range(4)] == [True, True, False, False]
    assert [budget.try_take("bert") for _ in range(4)] == [True, True, False, False]
    budget.give_back("anna")
    assert not budget.try_take("bert")
    assert budget.try_take("anna")


def test_an_only_key_may_have_every_slot():
    budget = WaitBudget.for_threads(8, keys=1)
    assert [budget.try_take("anna") for _ in range(5)] == [True] * 4 + [False]


class Feed:
    """A change feed that the test speaks through."""

    def __init__(self, failures: int = 0) -> None:
        self.said: queue.Queue[str] = queue.Queue()
        self.failures = failures

    @contextmanager
    def changes(self):
        if self.failures:
            self.failures -= 1
            raise StorageUnavailable("not yet")
        yield iter(self.said.get, "END")


def wait_for(bell) -> bool:
    return any(bell.wait(5) is not None for _ in range(round(PATIENT_S / 5)))


def test_a_change_wakes_those_who_wait_for_that_job_and_no_others():
    feed = Feed()
    hub = ChangeHub(feed.changes)
    with hub.watch("a") as bell, hub.watch("a") as twin, hub.watch("b") as other:
        feed.said.put("a")
        assert wait_for(bell)
        assert wait_for(twin)
        assert other.wait(0) is None
    feed.said.put("END")


def test_what_is_said_after_the_id_reaches_those_who_wait_for_it():
    feed = Feed()
    hub = ChangeHub(feed.changes)
    with hub.watch("a") as bell:
        feed.said.put("a\nand more\nlines")
        assert bell.wait(PATIENT_S) == "a\nand more\nlines"
    feed.said.put("END")


def test_of_several_messages_the_last_counts():
    watch = Watch()
    watch.wake("a\nended")
    watch.wake("a")
    assert watch.wait(0) == "a"
    assert watch.wait(0) is None


def test_nothing_is_left_of_a_watch():
    hub = ChangeHub((feed := Feed()).changes)
    with hub.watch("a"):
        pass
    assert hub._watches == {}
    feed.said.put("END")


def test_the_hub_listens_again_after_a_failure(monkeypatch):
    monkeypatch.setattr("api.waiting.changes.RETRY_S", 0.01)
    feed = Feed(failures=2)
    hub = ChangeHub(feed.changes)
    with hub.watch("a") as bell:
        feed.said.put("a")
        assert wait_for(bell)


def test_stopping_wakes_every_waiter():
    feed = Feed()
    hub = ChangeHub(feed.changes)
    woken = threading.Event()

    def wait() -> None:
        with hub.watch("a") as bell:
            entered.set()
            if wait_for(bell):
                woken.set()

    entered = threading.Event()
    thread = threading.Thread(target=wait)
    thread.start()
    entered.wait(PATIENT_S)
    feed.said.put("")  # so that the listening thread comes round and sees the stop
    hub.stop()
    thread.join(PATIENT_S)
    assert woken.is_set()
    assert hub.stopping
