"""Rates and quotas in a real Redis, whose clock is the one that counts."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from redis import Redis

from contract.errors import StorageUnavailable
from contract.names.redis_keys import allowance_key
from storage.callers.allowances import Allowances
from storage.jobs.store import JobStore


@pytest.fixture
def allowances(redis: Redis) -> Allowances:
    return Allowances(redis)


def test_a_minutes_worth_may_come_at_once_and_then_it_drips(allowances, redis):
    answers = [allowances.take("a", 3, 0) for _ in range(4)]
    assert [each.refused_by for each in answers] == ["", "", "", "minute"]
    assert [each.left_minute for each in answers] == [2, 1, 0, 0]
    assert 1 <= answers[-1].retry_after_s <= 20  # one of three a minute
    # When twenty seconds have passed
    redis.hset(allowance_key("a"), "at", time.time() - 21)
    assert [allowances.take("a", 3, 0).refused_by for _ in range(2)] == ["", "minute"]


def test_a_quota_ends_at_midnight(allowances, redis):
    answers = [allowances.take("a", 0, 2) for _ in range(3)]
    assert [(each.refused_by, each.left_day) for each in answers] == [("", 1), ("", 0), ("day", 0)]
    assert 0 < answers[-1].retry_after_s <= 86_400
    redis.hincrby(allowance_key("a"), "day", -1)  # yesterday's count
    assert allowances.take("a", 0, 2).left_day == 1


def test_callers_do_not_share(allowances):
    assert [allowances.take(name, 0, 1).refused_by for name in "aabb"] == ["", "day", "", "day"]


def test_fifty_at_once_are_counted_exactly(allowances):
    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(lambda _: allowances.take("a", 0, 20), range(50)))
    assert sum(not each.refused_by for each in answers) == 20


def test_what_is_given_back_may_be_used_again(allowances):
    assert allowances.take("a", 0, 1).refused_by == ""
    allowances.give_back("a")
    allowances.give_back("a")  # never below nothing
    assert [allowances.take("a", 0, 1).refused_by for _ in range(2)] == ["", "day"]


def test_what_a_caller_did_is_forgotten_in_two_days(allowances, redis):
    allowances.take("a", 5, 5)
    assert 0 < redis.ttl(allowance_key("a")) <= 2 * 86_400


def test_without_redis_there_is_no_allowance(allowances, valkey):
    valkey.kill()
    with pytest.raises(StorageUnavailable):
        allowances.take("a", 1, 1)


def test_the_share_of_memory_is_of_maxmemory(redis):
    jobs = JobStore(redis)
    assert jobs.memory_share() == 0.0  # no limit
    redis.config_set("maxmemory", redis.info("memory")["used_memory"] * 2)
    assert 0.3 < jobs.memory_share() < 0.7
