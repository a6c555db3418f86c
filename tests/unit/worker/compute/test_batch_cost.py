from __future__ import annotations

import random

import pytest

from worker.compute.batch_cost import MAX_SHAPES, BatchCost

SHAPE = (3, 192, 256)


def taught(sizes, seconds) -> BatchCost:
    cost = BatchCost()
    for n in sizes:
        cost.learn(SHAPE, n, seconds(n))
    return cost


def test_a_shape_never_seen_is_limited_by_nothing():
    assert BatchCost().fitting(SHAPE, 0.001, 8) == 8


@pytest.mark.parametrize(("cap_s", "fits"), [(0.100, 8), (0.050, 4), (0.0139, 1), (0.001, 1)])
def test_per_image_and_per_batch_parts_are_told_apart(cap_s, fits):
    cost = taught([1, 8, 3, 5, 2, 8], lambda n: 0.010 * n + 0.008)
    assert cost.fitting(SHAPE, cap_s, 8) == fits


def test_batches_of_one_size_alone_count_as_proportional():
    cost = taught([4] * 5, lambda n: 0.010 * n)
    assert cost.fitting(SHAPE, 0.0601, 8) == 6


def test_each_shape_has_its_own_cost():
    cost = taught([1, 2, 4], lambda n: 0.010 * n)
    cost.learn((3, 256, 256), 4, 0.4)
    assert cost.fitting(SHAPE, 0.1001, 16) == 10
    assert cost.fitting((3, 256, 256), 0.1001, 16) == 1


def test_a_single_stall_does_not_shrink_batches_for_long():
    cost = taught([1, 8, 3, 5, 2, 8], lambda n: 0.010 * n + 0.008)
    cost.learn(SHAPE, 8, 30.0)
    for _ in range(4):
        cost.learn(SHAPE, 2, 0.028)
        cost.learn(SHAPE, 4, 0.048)
    assert cost.fitting(SHAPE, 0.150, 8) >= 6


def test_a_machine_that_became_slower_is_noticed():
    cost = taught([1, 8, 3, 5] * 5, lambda n: 0.010 * n)
    for n in [8, 4, 2, 1] * 10:
        cost.learn(SHAPE, n, 0.040 * n)
    assert cost.fitting(SHAPE, 0.1601, 8) == 4


def test_noise_does_not_turn_a_cost_negative():
    noise = random.Random(0)
    cost = BatchCost()
    for _ in range(200):
        n = noise.randint(1, 8)
        cost.learn(SHAPE, n, 0.010 * n * noise.uniform(0.5, 2))
        assert 1 <= cost.fitting(SHAPE, 0.050, 8) <= 8


def test_memory_does_not_grow_with_the_number_of_shapes():
    cost = BatchCost()
    for side in range(1000):
        cost.learn((3, side, side), 1, 0.01)
    assert len(cost._lines) == MAX_SHAPES
