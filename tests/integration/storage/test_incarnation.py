"""A Redis that may have forgotten is noticed, once."""

from __future__ import annotations

import pytest

from contract.settings import Settings
from storage.ledger.connection import open_redis
from storage.ledger.incarnation import Incarnation


@pytest.fixture
def incarnation(redis_url):
    with open_redis(Settings(redis_url=redis_url)) as client:
        yield Incarnation(client)


def settle(incarnation):
    run_id = incarnation.unsettled()
    assert run_id is not None
    incarnation.settle(run_id)
    assert incarnation.unsettled() is None


def test_a_new_redis_must_be_compared_with_storage_once(incarnation):
    settle(incarnation)


def test_a_wiped_redis_must_be_compared_again(incarnation, redis):
    settle(incarnation)
    redis.flushall()
    settle(incarnation)


def test_a_restarted_redis_must_be_compared_again_though_its_data_are_there(incarnation, valkey):
    valkey.sync_every_write()
    settle(incarnation)
    valkey.kill()
    valkey.start()
    settle(incarnation)


def test_a_redis_that_was_replaced_during_the_comparison_is_compared_again(incarnation, valkey):
    valkey.sync_every_write()
    before = incarnation.unsettled()
    valkey.kill()
    valkey.start()
    incarnation.settle(before)
    assert incarnation.unsettled() not in (None, before)
