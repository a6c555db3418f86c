"""A Redis that may have lost data is detected, once."""

from __future__ import annotations

import pytest

from contract.settings import Settings
from storage.ledger.connection import open_redis
from storage.ledger.incarnation import Incarnation


@pytest.fixture
def incarnation(redis_url):
    with open_redis(Settings(redis_url=redis_url)) as client:
        yield Incarnation(client)


def compare(incarnation):
    run_id = incarnation.run_to_compare()
    assert run_id is not None
    incarnation.mark_compared(run_id)
    assert incarnation.run_to_compare() is None


def test_a_new_redis_must_be_compared_with_storage_once(incarnation):
    compare(incarnation)


def test_a_wiped_redis_must_be_compared_again(incarnation, redis):
    compare(incarnation)
    redis.flushall()
    compare(incarnation)


def test_a_restarted_redis_must_be_compared_again_though_its_data_are_there(incarnation, valkey):
    valkey.sync_every_write()
    compare(incarnation)
    valkey.kill()
    valkey.start()
    compare(incarnation)


def test_a_redis_that_was_replaced_during_the_comparison_is_compared_again(incarnation, valkey):
    valkey.sync_every_write()
    before = incarnation.run_to_compare()
    valkey.kill()
    valkey.start()
    incarnation.mark_compared(before)
    assert incarnation.run_to_compare() not in (None, before)
