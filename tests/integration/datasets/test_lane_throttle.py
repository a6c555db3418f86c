"""A dataset is throttled to one image at a time while interactive jobs run."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager

from contract.names.queues import Lane
from contract.settings import Settings
from tests.integration.datasets.rig import FakeComputer, put_images
from tests.waits import PATIENT_S, wait_until
from worker.compute import lane_throttle
from worker.compute.lane_throttle import BulkThrottle, InteractiveAnnouncer
from worker.process.background import surroundings
from worker.process.parts import build_parts


class Crowd(FakeComputer):
    """Knows how many images were computed side by side, at most."""

    def __init__(self):
        super().__init__()
        self._lock = threading.Lock()
        self._now = self.most = 0

    def compute(self, *args, **options):
        with self._lock:
            self._now += 1
            self.most = max(self.most, self._now)
        time.sleep(0.01)
        try:
            return super().compute(*args, **options)
        finally:
            with self._lock:
                self._now -= 1


def throttled_lane(word):
    """Return a lane that has received `word`, and receives it again all the time."""

    @contextmanager
    def messages():
        yield iter(lambda: time.sleep(0.01) or word, None)

    lane = BulkThrottle(messages)
    lane.start()
    if word:
        wait_until(lane.yielding, "the message is received")
    return lane


def run(make_rig, word):
    lane, crowd = throttled_lane(word), Crowd()
    rig = make_rig(computer=crowd, turn=lane.turn)
    put_images(rig.objects, 24, prefix="files/all/datasets-in/")
    record = rig.run(rig.submit(prefix="s3://depthq/files/all/datasets-in/", shard_size=12))
    lane.stop()
    assert record.counts.succeeded == 24
    return crowd.most


def test_a_shard_runs_item_by_item_while_an_interactive_job_runs(make_rig, monkeypatch):
    monkeypatch.setattr(lane_throttle, "QUIET_S", 600.0)  # none of its words is late
    assert run(make_rig, "here") == 1


def test_a_shard_runs_at_full_concurrency_while_no_interactive_job_does(make_rig):
    assert run(make_rig, "") > 1


def test_the_lanes_of_a_worker_behave_as_they_should(redis_url, tmp_path):
    settings = Settings(redis_url=redis_url, data_dir=tmp_path, engine="simulated")
    bulk, interactive = (build_parts(settings, lane) for lane in (Lane.BULK, Lane.INTERACTIVE))
    assert isinstance(bulk.throttle, BulkThrottle)
    assert isinstance(interactive.throttle, InteractiveAnnouncer)
    assert surroundings(bulk).turn == bulk.throttle.turn

    # What the one says the other hears: they are on the same machine
    bulk.throttle.start()
    deadline = time.monotonic() + PATIENT_S
    while not bulk.throttle.yielding() and time.monotonic() < deadline:
        interactive.throttle._said_at = float("-inf")
        with interactive.throttle.turn():
            time.sleep(0.05)
    assert bulk.throttle.yielding()
    bulk.throttle.stop()
    bulk.throttle._thread.join(PATIENT_S)
    for parts in (bulk, interactive):
        parts.redis.close()
        parts.celery.close()
