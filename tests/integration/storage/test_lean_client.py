"""The Redis client's short way: the replies, errors and repairs of the library's long one."""

from __future__ import annotations

import pytest
from redis.exceptions import NoScriptError, ResponseError
from redis.exceptions import TimeoutError as RedisTimeoutError

from contract.settings import Settings
from storage.ledger.connection import open_redis
from storage.ledger.lean_client import LeanRedis
from tests.services.proxy import TcpProxy


@pytest.fixture
def proxy(valkey):
    proxy = TcpProxy(valkey.port)
    yield proxy
    proxy.close()


@pytest.fixture
def client(proxy):
    with open_redis(Settings(redis_url=f"redis://127.0.0.1:{proxy.port}/0")) as client:
        yield client


def test_replies_are_the_librarys(client):
    assert isinstance(client, LeanRedis)
    assert client.set("a", "b") is True
    assert (client.get("a"), client.hgetall("none"), client.lpush("list", "x", "y")) == ("b", {}, 2)
    with client.pipeline(transaction=False) as pipe:
        pipe.get("a").llen("list")
        assert pipe.execute() == ["b", 2]


def test_a_refused_command_leaves_the_connection_in_order(client):
    client.set("text", "x")
    with pytest.raises(ResponseError):
        client.lpush("text", "y")
    with pytest.raises(NoScriptError):
        client.evalsha("0" * 40, 0)
    assert client.get("text") == "x"
    assert len(client._idle) == 1


def test_a_cut_connection_is_made_anew_within_the_same_command(client, proxy):
    client.set("a", "1")
    proxy.cut()
    assert client.get("a") == "1"


def test_a_lost_reply_is_asked_for_again(client, proxy):
    client.set("a", "1")
    proxy.wire.lose_replies = 1
    assert client.get("a") == "1"
    assert proxy.lost_replies == 1


def test_silence_is_given_up_after_one_timeout_and_its_late_reply_reaches_no_other_command(
    proxy,
):
    url = f"redis://127.0.0.1:{proxy.port}/0"
    with LeanRedis.from_url(url, decode_responses=True, socket_timeout=1.0) as client:
        client.set("a", "1")
        proxy.wire.drops_replies = True
        with pytest.raises(RedisTimeoutError):
            client.get("a")
        proxy.heal()
        assert client.incr("b") == 1


def test_closing_closes_the_connections(client, redis):
    client.client_setname("lean-one")
    client.close()
    assert "lean-one" not in {each["name"] for each in redis.client_list()}
