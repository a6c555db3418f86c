"""A process whose memory goes on growing is noticed."""

from __future__ import annotations

from tests.chaos.soak import FLAT_KIB_PER_MIN, TELLING_S, growing
from tests.chaos.watch import Watch


def process(name="api", slope=2 * FLAT_KIB_PER_MIN, watched_s=TELLING_S):
    return {"name": name, "watched_s": watched_s, "rss_slope_kib_per_min": slope}


def test_a_process_of_ours_that_grows_is_complained_of():
    assert growing([process()]) == ["api grows by 512 KiB a minute"]


def test_flat_foreign_and_short_lived_processes_are_not():
    flat, stranger = process(slope=FLAT_KIB_PER_MIN / 2), process(name="s3")
    assert growing([flat, stranger, process(watched_s=TELLING_S / 2)]) == []


def test_only_the_second_half_of_the_longest_life_counts():
    # Given a life that warms up and is flat then, after a short one that was growing
    growing = [(float(t), 1000.0 * t, 9) for t in range(5)]
    warming = [(100.0 + t, 5000.0 + 100.0 * min(t, 10), 9) for t in range(21)]
    watch = Watch({})
    watch._samples["api"] |= {1: growing, 2: warming}
    # When it is summed up
    [line] = watch.report()
    # Then neither the short life nor the warm-up is in it
    assert line["rss_slope_kib_per_min"] < 1.0
    assert line["watched_s"] == 10.0
    assert line["lives"] == 2
