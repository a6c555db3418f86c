from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import numpy as np
import pytest

from contract.errors import DeadlineExceeded, InternalError
from tests.waits import PATIENT_S, wait_until
from worker.compute.batch import Tensor
from worker.compute.batcher import Batcher


def image(value: float, height: int = 4, width: int = 4) -> Tensor:
    return np.full((3, height, width), value, np.float32)


class GatedEngine:
    """Lets a test hold the engine while requests gather; depth is the image's first channel."""

    def __init__(self) -> None:
        self.gate = threading.Event()
        self.batches: list[Tensor] = []

    def infer(self, batch: Tensor) -> Tensor:
        self.gate.wait(PATIENT_S)
        self.batches.append(batch)
        if (batch == 666).any():
            raise ValueError("culprit aboard")
        return batch[:, 0]


@pytest.fixture
def engine() -> GatedEngine:
    return GatedEngine()


@pytest.fixture
def batcher(engine: GatedEngine) -> Iterator[Batcher]:
    batcher = Batcher(engine.infer, max_batch=4)
    batcher.start()
    yield batcher
    engine.gate.set()
    batcher.stop()


def occupy(batcher: Batcher, engine: GatedEngine) -> None:
    """Give the engine one image to hold on to, so that what follows has to gather."""
    batcher.submit(image(0))
    wait_until(batcher.busy_s, "the engine has it")


def test_an_idle_engine_takes_a_single_image_at_once(batcher, engine):
    engine.gate.set()
    inferred = batcher.submit(image(7)).result(PATIENT_S)
    assert inferred.batch_size == 1
    assert (inferred.depth == 7).all()


def test_requests_gather_while_the_engine_is_busy_and_each_gets_its_own_depth(batcher, engine):
    occupy(batcher, engine)
    futures = [batcher.submit(image(value)) for value in range(1, 6)]
    engine.gate.set()
    results = [future.result(PATIENT_S) for future in futures]
    assert [float(result.depth[0, 0]) for result in results] == [1, 2, 3, 4, 5]
    assert [result.batch_size for result in results] == [4, 4, 4, 4, 1]


def test_the_oldest_of_a_batch_is_told_last(batcher, engine):
    occupy(batcher, engine)
    told = []
    for number in range(3):
        batcher.submit(image(number)).add_done_callback(
            lambda _, number=number: told.append(number)
        )
    engine.gate.set()
    wait_until(lambda: len(told) == 3, "all are told")
    assert told == [2, 1, 0]


def test_streams_that_are_free_share_what_waits_and_compute_side_by_side():
    # Given an engine whose batches end only when two of them are under way
    both = threading.Barrier(2, timeout=PATIENT_S)
    sizes: list[int] = []

    def infer(batch: Tensor) -> Tensor:
        sizes.append(len(batch))
        both.wait()
        return batch[:, 0]

    batcher = Batcher(infer, max_batch=8, streams=2)
    # When four images wait as both become free
    futures = [batcher.submit(image(value)) for value in range(4)]
    batcher.start()
    # Then each takes its share
    assert [float(future.result(PATIENT_S).depth[0, 0]) for future in futures] == [0, 1, 2, 3]
    batcher.stop()
    assert sizes == [2, 2]


def test_batches_shrink_to_what_is_done_within_the_latency_cap():
    # Given an engine that takes 20 ms per image and a cap of 50 ms
    sizes: list[int] = []
    gate = threading.Event()

    def infer(batch: Tensor) -> Tensor:
        gate.wait(PATIENT_S)
        sizes.append(len(batch))
        time.sleep(0.02 * len(batch))
        return batch[:, 0]

    batcher = Batcher(infer, max_batch=8, max_latency_s=0.05)
    batcher.start()
    # When far more waits than fits, after two batches from which to learn
    gate.set()
    for _ in range(2):
        batcher.submit(image(1)).result(PATIENT_S)
    futures = [batcher.submit(image(value)) for value in range(12)]
    for future in futures:
        future.result(PATIENT_S)
    batcher.stop()
    # Then no batch is full
    assert max(sizes) <= 3
    assert sum(sizes) == 14


def test_only_equal_shapes_share_a_batch_and_the_oldest_shape_goes_first(batcher, engine):
    occupy(batcher, engine)
    futures = [
        batcher.submit(image(1, 4, 8)),
        batcher.submit(image(2, 8, 4)),
        batcher.submit(image(3, 4, 8)),
    ]
    engine.gate.set()
    for future in futures:
        future.result(PATIENT_S)
    assert [batch.shape for batch in engine.batches[1:]] == [(2, 3, 4, 8), (1, 3, 8, 4)]


def test_one_culprit_fails_alone_and_its_mates_succeed(batcher, engine):
    occupy(batcher, engine)
    futures = [batcher.submit(image(value)) for value in (1, 666, 3, 4)]
    engine.gate.set()
    with pytest.raises(ValueError, match="culprit"):
        futures[1].result(PATIENT_S)
    assert [float(futures[i].result(PATIENT_S).depth[0, 0]) for i in (0, 2, 3)] == [1, 3, 4]


def test_a_deadline_that_passed_while_waiting_is_not_computed(batcher, engine):
    occupy(batcher, engine)
    late = batcher.submit(image(1), deadline_at=time.time() - 1)
    engine.gate.set()
    with pytest.raises(DeadlineExceeded):
        late.result(PATIENT_S)
    assert len(engine.batches) == 1


def test_an_engine_that_returns_too_few_depths_is_an_error_not_a_mix_up():
    batcher = Batcher(lambda batch: batch[:-1, 0], max_batch=4)
    batcher.start()
    with pytest.raises(InternalError, match="returned"):
        batcher.submit(image(1)).result(PATIENT_S)
    batcher.stop()


def test_stopping_finishes_what_waits_and_refuses_what_comes_later(engine):
    batcher = Batcher(engine.infer, max_batch=2)
    batcher.start()
    futures = [batcher.submit(image(value)) for value in range(5)]
    engine.gate.set()
    batcher.stop()
    assert [float(future.result(0).depth[0, 0]) for future in futures] == [0, 1, 2, 3, 4]
    with pytest.raises(InternalError):
        batcher.submit(image(1))


@pytest.mark.parametrize("streams", [1, 3])
def test_every_request_of_many_threads_gets_exactly_one_outcome(streams):
    batcher = Batcher(lambda batch: batch[:, 0], max_batch=8, streams=streams)
    batcher.start()
    outcomes: dict[int, float] = {}

    def client(number: int) -> None:
        for turn in range(50):
            value = number * 50 + turn
            shape = (4, 8) if value % 3 else (8, 4)
            outcomes[value] = float(
                batcher.submit(image(value, *shape)).result(PATIENT_S).depth[0, 0]
            )

    threads = [threading.Thread(target=client, args=(number,)) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    batcher.stop()
    assert outcomes == {value: float(value) for value in range(800)}


def test_while_it_yields_one_image_at_a_time_is_computed_on_one_stream(engine):
    yields = True
    batcher = Batcher(engine.infer, max_batch=4, streams=2, yielding=lambda: yields)
    batcher.start()
    occupy(batcher, engine)
    futures = [batcher.submit(image(value)) for value in range(1, 4)]
    time.sleep(0.05)  # time for the second stream to begin, if it could
    assert len(batcher._busy_since) == 1
    engine.gate.set()
    assert [future.result(PATIENT_S).batch_size for future in futures] == [1, 1, 1]

    # And when it does not any more, images gather again
    engine.gate.clear()
    yields = False
    occupy(batcher, engine)
    futures = [batcher.submit(image(value)) for value in range(1, 8)]
    engine.gate.set()
    assert max(future.result(PATIENT_S).batch_size for future in futures) > 1
    batcher.stop()


def test_stopping_while_it_yields_finishes_what_was_submitted(engine):
    batcher = Batcher(engine.infer, max_batch=4, streams=2, yielding=lambda: True)
    batcher.start()
    futures = [batcher.submit(image(value)) for value in range(6)]
    engine.gate.set()
    batcher.stop()
    assert [float(future.result(0).depth[0, 0]) for future in futures] == [0, 1, 2, 3, 4, 5]


class TwoWays:
    """An engine of two streams and one for an image alone, both held; `ways` says who got what."""

    def __init__(self) -> None:
        self.gate = threading.Event()
        self.ways: list[tuple[str, int]] = []
        self.batcher = Batcher(self.streams, max_batch=4, streams=2)

    def streams(self, batch: Tensor) -> Tensor:
        self.ways.append(("streams", len(batch)))
        assert self.gate.wait(PATIENT_S)
        return batch[:, 0]

    def alone(self, batch: Tensor) -> Tensor:
        self.ways.append(("alone", len(batch)))
        assert self.gate.wait(PATIENT_S)
        return batch[:, 0]

    def reach(self, count: int) -> None:
        wait_until(lambda: len(self.ways) >= count, "so many calls")


@pytest.fixture
def ways() -> Iterator[TwoWays]:
    ways = TwoWays()
    ways.batcher.compute_alone_by(ways.alone)
    yield ways
    ways.gate.set()
    ways.batcher.stop()


def test_the_only_image_of_an_idle_engine_is_computed_alone(ways):
    ways.batcher.start()
    ways.gate.set()
    for value in (1, 2):
        assert (ways.batcher.submit(image(value)).result(PATIENT_S).depth == value).all()
    assert ways.ways == [("alone", 1), ("alone", 1)]


def test_an_image_that_comes_while_another_is_computed_takes_a_stream(ways):
    ways.batcher.start()
    first = ways.batcher.submit(image(1))
    ways.reach(1)
    second = ways.batcher.submit(image(2))
    ways.reach(2)
    ways.gate.set()
    assert [
        (each.result(PATIENT_S).depth == value).all() for value, each in ((1, first), (2, second))
    ]
    assert ways.ways == [("alone", 1), ("streams", 1)]


@pytest.mark.parametrize("shapes", [[(4, 4), (4, 4)], [(4, 4), (4, 8)]])
def test_images_that_wait_together_take_streams(ways, shapes):
    futures = [ways.batcher.submit(image(5, *shape)) for shape in shapes]
    ways.batcher.start()
    ways.reach(2)
    ways.gate.set()
    assert all((each.result(PATIENT_S).depth == 5).all() for each in futures)
    assert ways.ways == [("streams", 1), ("streams", 1)]


def test_what_computes_an_image_alone_may_come_while_images_do():
    ways = TwoWays()
    ways.batcher.start()
    ways.gate.set()
    try:
        ways.batcher.submit(image(1)).result(PATIENT_S)
        wait_until(lambda: ways.batcher.busy_s() == 0, "idle again")
        ways.batcher.compute_alone_by(ways.alone)
        ways.batcher.submit(image(2)).result(PATIENT_S)
    finally:
        ways.batcher.stop()
    assert ways.ways == [("streams", 1), ("alone", 1)]


def test_what_an_image_alone_takes_says_nothing_about_batches():
    def alone(batch: Tensor) -> Tensor:
        time.sleep(0.05)
        return batch[:, 0]

    batcher = Batcher(lambda batch: batch[:, 0], max_batch=4, max_latency_s=0.02)
    batcher.compute_alone_by(alone)
    batcher.start()
    try:
        batcher.submit(image(1)).result(PATIENT_S)
        assert batcher._most((3, 4, 4)) == 4
    finally:
        batcher.stop()
