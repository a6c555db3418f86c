"""What many cores would do follows from shares by Amdahl's rule."""

from __future__ import annotations

import pytest

from benchmarks.cores import Shares, machine, shares_of, tables

USED = {"worker": 38.0, "api": 3.0, "valkey": 0.7, "minio": 6.0, "decoders": 2.0, "client": 9.0}
ROWS = {"service, S3": {"cpu_ms": USED}, "bare engine": {"cpu_ms": {"engine": 33.0}}}


def test_the_engine_is_taken_out_of_the_worker_and_the_client_counts_for_nothing() -> None:
    assert shares_of(ROWS, 15.0) == Shares(15.0, worker=5.0, api=3.0, redis=0.7, spread=8.0)


def test_cores_are_the_limit_until_redis_is() -> None:
    shares = Shares(15.3, worker=5.0, api=3.0, redis=0.7, spread=8.0)  # 32 ms in all
    few = machine(shares, 8)
    assert (few.images_per_s, few.limit) == (pytest.approx(250), "cores")
    assert (few.workers, few.apis) == (2, 2)  # 1.25 and 0.75 interpreters, each 70 % busy at most
    many = machine(shares, 64)
    assert (many.images_per_s, many.limit) == (pytest.approx(1000), "Redis")
    assert many.redis_busy == pytest.approx(0.7)
    assert many.workers == 8


def test_a_table_names_every_kind_of_processor() -> None:
    text = tables(ROWS)
    assert text.count("| cores | images/s |") == 3
    assert "AMX" in text
