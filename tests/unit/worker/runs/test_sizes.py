"""How large shards are."""

from __future__ import annotations

from worker.runs.sizes import LARGEST, SMALLEST, shard_size


def test_the_first_shards_are_small_and_the_later_ones_take_30_s():
    sizes = [shard_size(n, rate=10.0) for n in range(100)]
    assert sizes[0] == SMALLEST
    assert sizes == sorted(sizes)
    assert sizes[-1] == 150  # two at once share the worker


def test_a_worker_without_a_rate_and_a_very_fast_one_get_sane_shards():
    assert SMALLEST < shard_size(10_000, rate=0.0) < LARGEST
    assert shard_size(10_000, rate=1e6) == LARGEST
    assert shard_size(10_000, rate=0.001) == SMALLEST


def test_what_the_client_wants_counts():
    assert shard_size(0, rate=10.0, wanted=7) == 7
