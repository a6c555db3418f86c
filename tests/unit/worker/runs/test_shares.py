"""One caller's plans never keep another's waiting: a thread is left, however many one sends."""

from __future__ import annotations

import queue
import threading

import pytest

from tests.waits import PATIENT_S
from worker.process.app import OTHER_STEPS
from worker.process.runs import ONE_CALLER
from worker.runs.shares import Shares


class Hands:
    """Threads that take messages from one queue, as Celery's do."""

    def __init__(self, count):
        self.queue = queue.Queue()
        self.shares = Shares(
            ONE_CALLER, lambda dataset_id: dataset_id[0], self._put_back, pause=self._pause
        )
        self.go, self.lock = threading.Event(), threading.Lock()
        self.running, self.most = {}, {}
        self.begun, self.done = queue.Queue(), []
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._work) for _ in range(count)]
        for thread in self._threads:
            thread.start()

    def send(self, *run_ids):
        for dataset_id in run_ids:
            self.queue.put(("plan", f"{dataset_id}/plan"))

    def stop(self):
        self.go.set()
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _pause(self, _seconds):
        self._stop.wait(0.001)

    def _put_back(self, task, message_id):
        self.queue.put((task, message_id))

    def _work(self):
        while not self._stop.is_set():
            try:
                task, message_id = self.queue.get(timeout=0.01)
            except queue.Empty:
                continue
            self.shares.run(task, message_id, self._plan)

    def _plan(self, dataset_id):
        owner = dataset_id[0]
        with self.lock:
            self.running[owner] = self.running.get(owner, 0) + 1
            self.most[owner] = max(self.most.get(owner, 0), self.running[owner])
        self.begun.put(dataset_id)
        if owner == "a":  # a manifest of millions of rows
            self.go.wait()
        with self.lock:
            self.running[owner] -= 1
            self.done.append(dataset_id)


@pytest.fixture
def hands():
    hands = Hands(OTHER_STEPS)
    yield hands
    hands.stop()


def begun(hands, count):
    return {hands.begun.get(timeout=PATIENT_S) for _ in range(count)}


def test_one_caller_has_all_threads_but_one(hands):
    assert ONE_CALLER == OTHER_STEPS - 1


def test_a_small_plan_of_another_caller_overtakes_large_ones(hands):
    # Given six large manifests of one caller
    hands.send(*(f"a{n}" for n in range(6)))
    first = begun(hands, ONE_CALLER)
    assert {dataset_id[0] for dataset_id in first} == {"a"}
    # When another sends a small one, while the large ones are still planned
    hands.send("b0")
    # Then it is planned
    assert begun(hands, 1) == {"b0"}
    # And the others' turn comes, each once, never more than its share at a time
    hands.go.set()
    begun(hands, 4)
    hands.stop()
    assert sorted(hands.done) == ["a0", "a1", "a2", "a3", "a4", "a5", "b0"]
    assert hands.most["a"] == ONE_CALLER


def test_a_step_that_the_broker_does_not_take_back_is_run():
    ran = []

    def no_broker(task, message_id):
        raise ConnectionError

    shares = Shares(1, lambda _: "a", no_broker, pause=lambda _: None)
    shares.run("plan", "1/plan", lambda first: shares.run("plan", "2/plan", ran.append))
    assert ran == ["2"]


def test_a_step_that_fails_gives_its_place_back():
    back = []
    shares = Shares(1, lambda _: "a", lambda *message: back.append(message), pause=lambda _: None)
    for _ in range(3):
        with pytest.raises(ZeroDivisionError):
            shares.run("plan", "1/plan", lambda _: 1 / 0)
    assert back == []
