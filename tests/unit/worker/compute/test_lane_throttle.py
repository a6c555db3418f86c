from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from queue import Queue

import pytest

from contract.errors import StorageUnavailable
from tests.waits import PATIENT_S, wait_until
from worker.compute import lane_throttle
from worker.compute.lane_throttle import BulkThrottle, InteractiveAnnouncer


class Words:
    """The messages of the interactive lane, put by a test."""

    def __init__(self) -> None:
        self.said: Queue[str] = Queue()

    @contextmanager
    def messages(self) -> Iterator[Iterator[str]]:
        yield iter(self.said.get, None)


class Images:
    """Images that each hold their turn until the test lets them go."""

    def __init__(self, lane: BulkThrottle) -> None:
        self._lane = lane
        self._end = threading.Semaphore(0)
        self._lock = threading.Lock()
        self.begun = self.ended = 0
        self._threads: list[threading.Thread] = []

    def begin(self, count: int) -> None:
        for _ in range(count):
            thread = threading.Thread(target=self._run)
            thread.start()
            self._threads.append(thread)

    def end(self, count: int) -> None:
        self._end.release(count)

    def join(self) -> None:
        for thread in self._threads:
            thread.join(PATIENT_S)
            assert not thread.is_alive()

    def _run(self) -> None:
        with self._lane.turn():
            with self._lock:
                self.begun += 1
            self._end.acquire(timeout=PATIENT_S)
        with self._lock:
            self.ended += 1


@pytest.fixture
def words() -> Words:
    return Words()


@pytest.fixture
def lane(words: Words) -> Iterator[BulkThrottle]:
    lane = BulkThrottle(words.messages)
    lane.start()
    yield lane
    lane.stop()
    words.said.put("")


def hear(lane: BulkThrottle, words: Words) -> None:
    words.said.put("here")
    wait_until(lane.yielding, "the word was heard")


def test_without_interactive_work_images_run_side_by_side(lane, words):
    words.said.put("")
    images = Images(lane)
    images.begin(8)
    wait_until(lambda: images.begun == 8, "all have begun")
    images.end(8)
    images.join()


def test_while_the_interactive_lane_is_busy_images_run_one_by_one(lane, words, monkeypatch):
    monkeypatch.setattr(lane_throttle, "QUIET_S", 600.0)
    hear(lane, words)
    images = Images(lane)
    images.begin(8)
    for ended in range(8):
        wait_until(lambda ended=ended: images.begun == ended + 1, "the next has begun")
        time.sleep(0.02)  # time for a second to begin, if it could
        assert images.begun == ended + 1
        images.end(1)
    images.join()


def test_images_in_progress_at_the_message_are_finished_before_the_next(lane, words, monkeypatch):
    monkeypatch.setattr(lane_throttle, "QUIET_S", 600.0)
    images = Images(lane)
    images.begin(3)
    wait_until(lambda: images.begun == 3, "three have begun")
    hear(lane, words)
    images.begin(1)
    images.end(2)
    wait_until(lambda: images.ended == 2, "two have ended")
    time.sleep(0.02)
    assert images.begun == 3
    images.end(2)
    images.join()
    assert images.begun == 4


def test_after_a_quiet_moment_images_run_side_by_side_again(lane, words, monkeypatch):
    monkeypatch.setattr(lane_throttle, "QUIET_S", 0.2)
    hear(lane, words)
    images = Images(lane)
    images.begin(8)
    wait_until(lambda: images.begun == 8, "all have begun, though none has ended")
    images.end(8)
    images.join()


def test_a_lane_that_stops_holds_nothing_back(lane, words, monkeypatch):
    monkeypatch.setattr(lane_throttle, "QUIET_S", 600.0)
    hear(lane, words)
    images = Images(lane)
    images.begin(4)
    lane.stop()
    wait_until(lambda: images.begun == 4, "all have begun")
    images.end(4)
    images.join()


def test_the_interactive_lane_says_that_it_works_now_and_then_only(monkeypatch):
    monkeypatch.setattr(lane_throttle, "ANNOUNCE_EVERY_S", 600.0)
    said: list[float] = []
    lane = InteractiveAnnouncer(lambda: said.append(0.0))
    for _ in range(100):
        with lane.turn():
            pass
    assert len(said) == 1
    monkeypatch.setattr(lane_throttle, "ANNOUNCE_EVERY_S", 0.0)
    with lane.turn():
        pass
    assert len(said) == 2


def test_an_image_is_worked_on_though_it_could_not_be_said():
    def say() -> None:
        raise StorageUnavailable("Redis does not answer")

    with InteractiveAnnouncer(say).turn():
        pass
